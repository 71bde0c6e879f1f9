using Lockstep.Core.Settings;

namespace Lockstep.Core.History;

/// <summary>How much history is kept where it is kept.</summary>
public sealed record HistoryOptions
{
    /// <summary>
    /// Entries that a bucket keeps, and as many earlier states of its records; the oldest go first, with writes that bring new ones, and
    /// of states those of the collection that has the most. There may be a tenth more, and a hundred, and what one turn has written; of states in
    /// many collections, what sixteen of these hold for each turn. 0 for no bound. Default: 100,000.
    /// </summary>
    [Bounds(0)]
    public long MaxEntries { get; init; } = 100_000;

    /// <summary>Bytes of a bucket's entries, and as many of its earlier states. There may be a tenth more. 0 for no bound. Default: 256 MiB.</summary>
    [Bounds(0)]
    public long MaxBytes { get; init; } = 256L << 20;

    /// <summary>
    /// Principals, divided by commas, of whose changes fewer entries are kept: <c>account:importer</c>. What records were is known all the same.
    /// Default: none.
    /// </summary>
    public string TrimmedUsers { get; init; } = "";

    /// <summary>
    /// Entries that a bucket keeps of each of these, of those that are told from the setting on, and anew once entries were deleted; there may be a
    /// hundred more. Default: 1,000.
    /// </summary>
    [Bounds(1)]
    public long MaxEntriesOfTrimmedUsers { get; init; } = 1_000;

    /// <summary>
    /// How long entries and earlier states are kept. They go with later writes to the same bucket or collection, so that where nobody
    /// writes they stay. Zero: for ever. Default: zero.
    /// </summary>
    [Bounds(0, 10 * BoundsAttribute.Year)]
    public TimeSpan MaxAge { get; init; } = TimeSpan.Zero;
}
