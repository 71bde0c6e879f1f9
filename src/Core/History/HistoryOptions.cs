using Lockstep.Core.Settings;

namespace Lockstep.Core.History;

/// <summary>Limits of the history where it is kept.</summary>
public sealed record HistoryOptions
{
    /// <summary>
    /// Entries that a bucket keeps, and the same number of earlier states of its records. Writes that add new ones remove the oldest;
    /// of states, those of the collection that has the most. There may be more by a tenth, a hundred, and the writes of one turn. States in
    /// many collections may exceed it by what sixteen collections hold for each turn. 0 for no limit. Default: 100,000.
    /// </summary>
    [Bounds(0)]
    public long MaxEntries { get; init; } = 100_000;

    /// <summary>Bytes of a bucket's entries, and the same number for its earlier states. There may be a tenth more. 0 for no limit. Default: 256 MiB.</summary>
    [Bounds(0)]
    public long MaxBytes { get; init; } = 256L << 20;

    /// <summary>
    /// Principals, separated by commas, of whose changes fewer entries are kept: <c>account:importer</c>. Earlier states of records are still known.
    /// Default: none.
    /// </summary>
    public string TrimmedUsers { get; init; } = "";

    /// <summary>
    /// Entries that a bucket keeps of each of these principals. Entries count from the time of the setting, and again from zero once entries were deleted. There may be a
    /// hundred more. Default: 1,000.
    /// </summary>
    [Bounds(1)]
    public long MaxEntriesOfTrimmedUsers { get; init; } = 1_000;

    /// <summary>
    /// How long entries and earlier states are kept. Later writes to the same bucket or collection remove them, so that they stay where nobody
    /// writes. Zero: for ever. Default: zero.
    /// </summary>
    [Bounds(0, 10 * BoundsAttribute.Year)]
    public TimeSpan MaxAge { get; init; } = TimeSpan.Zero;
}
