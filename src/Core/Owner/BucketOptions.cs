using Lockstep.Core.History;
using Lockstep.Core.Permissions;
using Lockstep.Core.Quotas;
using Lockstep.Core.Settings;
using Lockstep.Core.Storage;
using Lockstep.Core.Time;

namespace Lockstep.Core.Owner;

/// <summary>Limits of a bucket's owner.</summary>
public sealed record BucketOptions
{
    /// <summary>Operations that may wait for one bucket's owner. Default: 2,000.</summary>
    [Bounds(1)]
    public int MaxQueuedOperations { get; init; } = 2_000;

    /// <summary>Bytes that may wait for one bucket's owner. Default: 32 MiB.</summary>
    [Bounds(1)]
    public long MaxQueuedBytes { get; init; } = 32L << 20;

    /// <summary>Bytes that may wait for all owners of the process. Default: 256 MiB.</summary>
    [Bounds(1)]
    public long MaxQueuedBytesInProcess { get; init; } = 256L << 20;

    /// <summary>Operations that one turn, and so one transaction, takes at most; one request is never split. Default: 256.</summary>
    [Bounds(1)]
    public int MaxTurnOperations { get; init; } = 256;

    /// <summary>Bytes of data that one turn takes at most; one request is never split. Default: 8 MiB.</summary>
    [Bounds(1)]
    public long MaxTurnBytes { get; init; } = 8L << 20;

    /// <summary>Collections that a bucket may hold. The same number of deleted ones is remembered. Default: 10,000.</summary>
    [Bounds(1)]
    public int MaxCollections { get; init; } = 10_000;

    /// <summary>Records that a page sorted by fields of the data reads; a list with more is refused. Default: 500,000.</summary>
    [Bounds(1)]
    public int MaxSortedRecords { get; init; } = 500_000;

    /// <summary>Bytes of data that such a page keeps in memory, however much it reads; the page ends there. Default: 64 MiB.</summary>
    [Bounds(1)]
    public long MaxSortedBytes { get; init; } = 64L << 20;

    /// <summary>Reads of the process that sort in memory at a time, not counting those that wait for the store. No more than half of the processors sort at a time. Default: 2.</summary>
    [Bounds(1)]
    public int MaxConcurrentSorts { get; init; } = 2;

    /// <summary>Records that one page filtered by fields examines; a page that ends there says where to continue. Default: 20,000.</summary>
    [Bounds(1)]
    public int MaxFilteredRecords { get; init; } = 20_000;

    /// <summary>Bytes of data that one such page examines, counted once for each filter. Default: 64 MiB.</summary>
    [Bounds(1)]
    public long MaxFilteredBytes { get; init; } = 64L << 20;

    /// <summary>
    /// How long one such page may search, once it has a place. A turn that has taken this long takes no more requests. A sort or a count inside a turn
    /// takes no longer either. Default: 1 second.
    /// </summary>
    [Bounds(BoundsAttribute.Millisecond, 600)]
    public TimeSpan FilterTime { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// Records that a count by fields examines. A larger count is refused, and so is one that takes longer than a third of
    /// <see cref="AnswerTime"/>, or in a turn longer than <see cref="FilterTime"/>. Default: 200,000.
    /// </summary>
    [Bounds(1)]
    public int MaxCountedRecords { get; init; } = 200_000;

    /// <summary>
    /// Bytes that turns, sorts and patches of the process may hold in addition to waiting requests: rows before and after a change, and
    /// parsed data. One user may hold a quarter. Default: 256 MiB.
    /// </summary>
    [Bounds(1)]
    public long MaxWorkBytes { get; init; } = 256L << 20;

    /// <summary>
    /// Bytes of compiled data rules of buckets and collections that are cached. A rule that does not fit is read again each time. Default: 32 MiB.
    /// </summary>
    [Bounds(1)]
    public long MaxRuleBytes { get; init; } = 32L << 20;

    /// <summary>
    /// How long an owner takes at most to answer. A request waits in its queue for up to three quarters of it, and its store calls end
    /// with it. The stores start nothing with less than a few seconds left. Default: 15 seconds.
    /// </summary>
    [Bounds(8, 600)]
    public TimeSpan AnswerTime { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>How long an idle owner stays in memory. Default: 5 minutes.</summary>
    [Bounds(BoundsAttribute.Millisecond)]
    public TimeSpan IdleTimeout { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>If a bucket's clock is this far ahead of the wall clock, its clients are asked to slow down. Default: 1 minute.</summary>
    [Bounds(BoundsAttribute.Millisecond, BoundsAttribute.Year)]
    public TimeSpan ClockLeadBackoff { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>
    /// If a bucket's clock is this far ahead of the wall clock, the bucket takes no more writes. Zero means never. Default: zero. Otherwise a wall
    /// clock that was wrong for a while would close the bucket for as long as it was ahead.
    /// </summary>
    [Bounds(0, BoundsAttribute.Year)]
    public TimeSpan ClockLeadRefusal { get; init; } = TimeSpan.Zero;

    /// <summary>
    /// How long a tombstone is kept at least. A device that was away for longer starts over. Zero: for ever. Default: zero.
    /// </summary>
    [Bounds(0, 10 * BoundsAttribute.Year)]
    public TimeSpan TombstoneRetention { get; init; } = TimeSpan.Zero;

    /// <summary>How long an upload may take, from its beginning to its end; after that it is removed. Default: 2 hours.</summary>
    /// <remarks>Sync 1.5: batches.</remarks>
    [Bounds(BoundsAttribute.Minute)]
    public TimeSpan UploadLifetime { get; init; } = TimeSpan.FromHours(2);

    /// <summary>Uploads that a bucket has at a time; the one that began first makes room for another. Default: 20.</summary>
    /// <remarks>Sync 1.5: batches.</remarks>
    [Bounds(1)]
    public int MaxUploads { get; init; } = 20;

    /// <summary>Limits on what buckets may hold.</summary>
    public QuotaOptions Quotas { get; init; } = new();

    /// <summary>Limits on the history that is kept.</summary>
    public HistoryOptions History { get; init; } = new();

    /// <summary>Permissions that apply to all buckets.</summary>
    public AccessOptions Access { get; init; } = new();

    /// <summary>Whether answers about these heads carry <c>Backoff</c>: see <see cref="ClockLeadBackoff"/>.</summary>
    internal bool ClockLeads(BucketHeads heads, TimeProvider time) => heads.Clock > ServerTimestamp.Now(time).Plus((long)ClockLeadBackoff.TotalMilliseconds);
}
