using Lockstep.Core.History;
using Lockstep.Core.Permissions;
using Lockstep.Core.Quotas;
using Lockstep.Core.Settings;
using Lockstep.Core.Storage;
using Lockstep.Core.Time;

namespace Lockstep.Core.Owner;

/// <summary>Bounds of a bucket's owner.</summary>
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

    /// <summary>Collections a bucket may hold; as many deleted ones are remembered. Default: 10,000.</summary>
    [Bounds(1)]
    public int MaxCollections { get; init; } = 10_000;

    /// <summary>Records that a page in an order by fields of the data looks at; where there are more it is refused. Default: 500,000.</summary>
    [Bounds(1)]
    public int MaxSortedRecords { get; init; } = 500_000;

    /// <summary>Bytes of data that such a page keeps in memory, however much it looks at; the page ends there. Default: 64 MiB.</summary>
    [Bounds(1)]
    public long MaxSortedBytes { get; init; } = 64L << 20;

    /// <summary>Reads sorted in memory at a time, in the process, not counting those that wait for the store; no more than half of its processors sort at a time. Default: 2.</summary>
    [Bounds(1)]
    public int MaxConcurrentSorts { get; init; } = 2;

    /// <summary>Records that one page of a list is looked for in by their fields; a page that ends with it says where to go on. Default: 20,000.</summary>
    [Bounds(1)]
    public int MaxFilteredRecords { get; init; } = 20_000;

    /// <summary>Bytes of data that one such page is looked for in, counted once for each filter. Default: 64 MiB.</summary>
    [Bounds(1)]
    public long MaxFilteredBytes { get; init; } = 64L << 20;

    /// <summary>
    /// How long one such page is looked for, once it has a place. A turn that has taken so long takes no more requests, and in it a sort or a count takes no longer. Default:
    /// 1 second.
    /// </summary>
    [Bounds(BoundsAttribute.Millisecond, 600)]
    public TimeSpan FilterTime { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// Records that are looked at to count those whose fields match; a count of more is refused, and so is one that takes longer than a
    /// third of <see cref="AnswerTime"/>, or in a turn than <see cref="FilterTime"/>. Default: 200,000.
    /// </summary>
    [Bounds(1)]
    public int MaxCountedRecords { get; init; } = 200_000;

    /// <summary>
    /// Bytes that turns, sorts and patches of the process may hold beside what waits: rows as they are and as they become, and what is
    /// taken apart. One user may hold a quarter. Default: 256 MiB.
    /// </summary>
    [Bounds(1)]
    public long MaxWorkBytes { get; init; } = 256L << 20;

    /// <summary>
    /// Bytes of what buckets and collections say of the data of what lies in them that are remembered, read and ready; what does not fit is
    /// read anew. Default: 32 MiB.
    /// </summary>
    [Bounds(1)]
    public long MaxRuleBytes { get; init; } = 32L << 20;

    /// <summary>
    /// How long an owner takes at most to answer: a request waits in its queue for three quarters of it, and what it asks the
    /// store for ends with it. The stores begin nothing that has less than a few seconds left. Default: 15 seconds.
    /// </summary>
    [Bounds(8, 600)]
    public TimeSpan AnswerTime { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>How long an owner without work stays in memory. Default: 5 minutes.</summary>
    [Bounds(BoundsAttribute.Millisecond)]
    public TimeSpan IdleTimeout { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>A bucket's clock this far ahead of the wall clock asks its clients to slow down. Default: 1 minute.</summary>
    [Bounds(BoundsAttribute.Millisecond, BoundsAttribute.Year)]
    public TimeSpan ClockLeadBackoff { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>
    /// A bucket's clock this far ahead of the wall clock takes no more writes; zero means never. Default: zero, since a
    /// wall clock that was wrong for a while would otherwise close the bucket for as long as it was wrong by.
    /// </summary>
    [Bounds(0, BoundsAttribute.Year)]
    public TimeSpan ClockLeadRefusal { get; init; } = TimeSpan.Zero;

    /// <summary>
    /// How long a tombstone is kept at least; a device that was away for longer starts over. Zero: for ever. Default: zero.
    /// </summary>
    [Bounds(0, 10 * BoundsAttribute.Year)]
    public TimeSpan TombstoneRetention { get; init; } = TimeSpan.Zero;

    /// <summary>How much buckets may hold.</summary>
    public QuotaOptions Quotas { get; init; } = new();

    /// <summary>How much history is kept where it is kept.</summary>
    public HistoryOptions History { get; init; } = new();

    /// <summary>Who may do what wherever it lies.</summary>
    public AccessOptions Access { get; init; } = new();

    /// <summary>Whether answers about these heads carry <c>Backoff</c>: see <see cref="ClockLeadBackoff"/>.</summary>
    internal bool ClockLeads(BucketHeads heads, TimeProvider time) => heads.Clock > ServerTimestamp.Now(time).Plus((long)ClockLeadBackoff.TotalMilliseconds);
}
