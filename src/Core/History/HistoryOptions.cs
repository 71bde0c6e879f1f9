using Lockstep.Core.Settings;

namespace Lockstep.Core.History;

/// <summary>How much history is kept where it is kept.</summary>
public sealed record HistoryOptions
{
    /// <summary>
    /// Entries that a bucket keeps, and earlier states of records that a collection does; the oldest go first, with writes that bring new
    /// ones. There may be a tenth more, and a hundred, and what one turn has written. 0 for no bound. Default: 100,000.
    /// </summary>
    [Bounds(0)]
    public long MaxEntries { get; init; } = 100_000;

    /// <summary>Bytes of them, as of <see cref="MaxEntries"/>. There may be a tenth more. 0 for no bound. Default: 256 MiB.</summary>
    [Bounds(0)]
    public long MaxBytes { get; init; } = 256L << 20;

    /// <summary>
    /// How long entries and earlier states are kept. They go with later writes to the same bucket or collection, so that where nobody
    /// writes they stay. Zero: for ever. Default: zero.
    /// </summary>
    [Bounds(0, 10 * BoundsAttribute.Year)]
    public TimeSpan MaxAge { get; init; } = TimeSpan.Zero;
}
