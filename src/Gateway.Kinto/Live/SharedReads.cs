using Lockstep.Core.Buckets;
using Lockstep.Core.Lists;
using Lockstep.Core.Operations;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;
using Lockstep.Core.Time;
using Lockstep.Gateway.Http;
using Lockstep.Gateway.Metering;

namespace Lockstep.Gateway.Kinto.Live;

/// <summary>
/// Reads lists for streams, as a poll with <c>_since</c> does: through the bucket's owner, by the caller's rights. Streams that were told the same, are as far and have the same rights share
/// a read.
/// </summary>
internal sealed class SharedReads(IBuckets buckets, Admission admission, AnswerSizes sizes, GatewayMetrics metrics, TimeProvider time)
{
    private const int MaxRecords = 500;
    private const long MaxBytes = 256 << 10;

    // By then all who were told together have come for it.
    private static readonly TimeSpan KeepTime = TimeSpan.FromSeconds(1);

    private static readonly IReadOnlyList<SortField> OldestFirst = [new("last_modified", Descending: false)];

    private readonly Lock gate = new();
    private readonly Dictionary<ReadKey, SharedRead> reads = [];

    /// <param name="key">What to read.</param>
    /// <param name="who">Whom room is counted for.</param>
    /// <param name="isAlone">Whether no other stream can want the same.</param>
    /// <returns>To be released once what it has is sent.</returns>
    public SharedRead Read(ReadKey key, string who, bool isAlone)
    {
        SharedRead read;
        lock (gate)
        {
            if (!isAlone && reads.TryGetValue(key, out var own))
            {
                own.Use();
                return own;
            }

            read = new SharedRead(admission.RoomForAnswer(who));
            if (!isAlone)
            {
                read.Use();
                reads.Add(key, read);
            }

            // Under the lock, so that nobody finds it without its outcome; what it waits for is not waited for here.
            read.Begin(room => Task.Run(() => ReadAsync(key, room)));
        }

        if (!isAlone)
        {
            _ = ForgetAsync(key, read);
        }

        return read;
    }

    /// <summary>Whether somebody may read a list, its stamp, and its newest objects without their data.</summary>
    public async ValueTask<Outcome> PeekAsync(KintoTarget target, ListRef list, int limit, ServerTimestamp atLeast, CancellationToken cancellationToken)
    {
        var query = new ListQuery { Limit = limit, MaxBytes = MaxBytes, Projection = Projection.Metadata };
        try
        {
            return (await buckets.Get(target.Bucket).ExecuteAsync(new BucketRequest(target.Caller, Operations(list, query, atLeast)), cancellationToken)).Outcomes[^1];
        }
        catch (StoreUnavailableException)
        {
            return Unavailable.StoreFailed;
        }
    }

    private async Task<Outcome> ReadAsync(ReadKey key, AnswerRoom room)
    {
        var query = new ListQuery
        {
            Since = key.Since, Cursor = key.Cursor, Sort = OldestFirst, Limit = MaxRecords, MaxBytes = MaxBytes, Projection = Projection.Listed,
        };
        try
        {
            if (!await room.PromiseAsync(sizes.Most(query), CancellationToken.None))
            {
                return Unavailable.Overloaded;
            }

            metrics.ChangesRead();
            var response = await room.ArrivalAsync(buckets.Get(key.Bucket).ExecuteAsync(new BucketRequest(key.Caller, Operations(key.List, query, key.AtLeast)), CancellationToken.None), time);
            var outcome = response.Outcomes[^1];
            return room.TryKeep(outcome is PageFound page ? AnswerSizes.Of(page.Records, isCopied: false) : 0) ? outcome : Unavailable.Overloaded;
        }
        catch (StoreUnavailableException)
        {
            return Unavailable.StoreFailed;
        }
    }

    /// <summary>
    /// The first one asks for as much as is committed by then. It costs nothing where the bucket's clock is not behind that; else what is remembered of the bucket is read again. What it
    /// answers does not matter.
    /// </summary>
    private static IReadOnlyList<Operation> Operations(ListRef list, ListQuery query, ServerTimestamp atLeast) => atLeast == ServerTimestamp.Zero
        ? [new ListRecords(list, query)]
        : [new ReadLists(Exact: false) { Precondition = new Precondition(PreconditionScope.Bucket, PreconditionTest.NoneMatch, atLeast) }, new ListRecords(list, query)];

    private async Task ForgetAsync(ReadKey key, SharedRead read)
    {
        await Task.Delay(KeepTime, time);
        lock (gate)
        {
            reads.Remove(key);
        }

        read.Release();
    }
}
