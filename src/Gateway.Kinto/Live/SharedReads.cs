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
/// Reads lists for streams as a poll with <c>_since</c> does: through the bucket's owner, with the caller's rights. Streams with the same news that have come equally far
/// share a read, if the owner says with the page that their callers see the same. A caller who sees something else gets a read of their own.
/// </summary>
internal sealed class SharedReads(IBuckets buckets, Admission admission, AnswerSizes sizes, GatewayMetrics metrics, TimeProvider time)
{
    private const int MaxRecords = 500;
    private const int MaxBytes = 256 << 10;

    // The bytes of a page are divided into no more parts than this, so that a long record may take a few times its part.
    private const int MaxByteShare = 4;

    // The maximal number of other callers that the owner is asked about with one read.
    private const int MaxCallers = 1_000;

    // By then all streams that were told together have asked for it.
    private static readonly TimeSpan KeepTime = TimeSpan.FromSeconds(1);

    private static readonly IReadOnlyList<SortField> OldestFirst = [new("last_modified", Descending: false)];

    private readonly Lock gate = new();
    private readonly Dictionary<ReadKey, SharedRead> reads = [];

    /// <param name="key">What to read.</param>
    /// <param name="listener">The stream's listener, whose caller's rights count.</param>
    /// <param name="who">The party that room is charged to.</param>
    /// <param name="waits">Whether to wait for room.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>The outcome; and the read, to be released once the page is sent.</returns>
    public async ValueTask<(Outcome Outcome, SharedRead Read)> ReadAsync(ReadKey key, LiveListener listener, string who, bool waits, CancellationToken cancellationToken)
    {
        if (listener.IsAlone)
        {
            var own = new SharedRead(admission.RoomForAnswer(who), [listener.Caller], isShared: false);
            own.Begin((read, room) => ReadAsync(key, read, room, waits));
            return (await OutcomeAsync(own, cancellationToken), own);
        }

        if (Join(key, listener, () => listener.Callers(MaxCallers), who, waits) is { } joint)
        {
            var found = await OutcomeAsync(joint, cancellationToken);
            if (joint.IsFor(listener.Caller, found))
            {
                return (found, joint);
            }

            joint.Release();
        }

        var alone = Join(key with { Alone = listener.Caller }, listener, () => [listener.Caller], who, waits)!;
        return (await OutcomeAsync(alone, cancellationToken), alone);
    }

    /// <summary>Reads a list's stamp and its newest objects, without their data; or says why the caller may not.</summary>
    public async ValueTask<Outcome> PeekAsync(KintoTarget target, ListRef list, int limit, ServerTimestamp atLeast, CancellationToken cancellationToken)
    {
        var query = new ListQuery { Limit = limit, MaxBytes = MaxBytes, Projection = Projection.Metadata };
        try
        {
            return (await buckets.Get(target.Bucket).ExecuteAsync(new BucketRequest(target.Caller, Operations(new ListRecords(list, query), atLeast)), cancellationToken)).Outcomes[^1];
        }
        catch (StoreUnavailableException)
        {
            return Unavailable.StoreFailed;
        }
    }

    private static async ValueTask<Outcome> OutcomeAsync(SharedRead read, CancellationToken cancellationToken)
    {
        try
        {
            return await read.Outcome.WaitAsync(cancellationToken);
        }
        catch
        {
            read.Release();
            throw;
        }
    }

    /// <returns>The read that others have begun, or that begins now. Null if it was begun without this caller.</returns>
    private SharedRead? Join(ReadKey key, LiveListener listener, Func<IReadOnlyList<Caller>> callers, string who, bool waits)
    {
        SharedRead read;
        lock (gate)
        {
            if (reads.TryGetValue(key, out var own))
            {
                if (!own.IsAskedFor(listener.Caller))
                {
                    return null;
                }

                own.Use();
                return own;
            }

            read = new SharedRead(admission.RoomForAnswer(who), callers(), isShared: true);
            read.Use();
            reads.Add(key, read);

            // Under the lock, so that nobody finds it without its outcome. Nothing is waited for here.
            read.Begin((shared, room) => Task.Run(() => ReadAsync(key, shared, room, waits)));
        }

        _ = ForgetAsync(key, read);
        return read;
    }

    private static OtherReader OtherOf(Caller caller) =>
        new(caller.Principals.User, caller.Principals.Account.Number, caller.Principals.Account.Since, caller.Access == BucketAccess.Own);

    private async Task<Outcome> ReadAsync(ReadKey key, SharedRead read, AnswerRoom room, bool waits)
    {
        var query = new ListQuery
        {
            Since = key.Since,
            Cursor = key.Cursor,
            Sort = OldestFirst,
            Limit = key.Share == 0 ? 1 : MaxRecords / key.Share,
            MaxBytes = MaxBytes / Math.Clamp(key.Share, 1, MaxByteShare),
            Projection = key.Share == 0 ? Projection.Metadata : Projection.Listed,
        };
        try
        {
            // Without data it takes no more memory than the stream itself.
            if (key.Share > 0 && !(waits ? await room.PromiseAsync(sizes.Most(query), CancellationToken.None) : room.TryPromise(sizes.Most(query))))
            {
                return Unavailable.Overloaded;
            }

            metrics.ChangesRead();
            var operation = new ListRecords(key.List, query) { AlsoFor = read.Callers.Count == 1 ? [] : [.. read.Callers.Select(OtherOf)] };
            var response = await room.ArrivalAsync(buckets.Get(key.Bucket).ExecuteAsync(new BucketRequest(read.Callers[0], Operations(operation, key.AtLeast)), CancellationToken.None), time);
            var outcome = response.Outcomes[^1];
            read.Size = key.Share > 0 && outcome is PageFound page ? AnswerSizes.Of(page.Records, isCopied: read.IsShared) : 0;
            return key.Share == 0 || room.TryKeep(read.Size) ? outcome : Unavailable.Overloaded;
        }
        catch (StoreUnavailableException)
        {
            return Unavailable.StoreFailed;
        }
    }

    /// <summary>
    /// The first operation makes the owner answer from a state that has the committed stamp. It costs nothing if the owner knows that stamp already; otherwise the owner
    /// loads the bucket again. Its outcome does not matter.
    /// </summary>
    private static IReadOnlyList<Operation> Operations(ListRecords list, ServerTimestamp atLeast) => atLeast == ServerTimestamp.Zero
        ? [list]
        : [new ReadLists(Exact: false) { Precondition = new Precondition(PreconditionScope.Bucket, PreconditionTest.NoneMatch, atLeast) }, list];

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
