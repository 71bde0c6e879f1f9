using Lockstep.Core.Buckets;
using Lockstep.Core.Lists;
using Lockstep.Core.Operations;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Storage;
using Lockstep.Gateway.Accounts;
using Lockstep.Gateway.Http;

namespace Lockstep.Gateway.Console.Own;

/// <summary>A user's own buckets: which there are, and what their owners say.</summary>
internal sealed class OwnBuckets(IBuckets buckets, IBucketIndex index)
{
    /// <summary>Stands for the user's default bucket.</summary>
    public const string Default = "default";

    private const int MaxIdLength = 255;

    /// <summary>Whether an id can be one of a bucket, a collection or a record. What is none of them is not there.</summary>
    public static bool IsId(string id) => id.Length is > 0 and <= MaxIdLength && !id.Any(static c => char.IsControl(c) || c is '/');

    /// <returns>The bucket of that name if the user has made it; else null. The default bucket is there even if nothing is stored in it.</returns>
    public async ValueTask<BucketId?> FindAsync(Principal user, string name, CancellationToken cancellationToken)
    {
        if (name is Default || string.Equals(name, user.DefaultBucket, StringComparison.Ordinal))
        {
            return BucketId.DefaultBucket(user.DefaultBucket);
        }

        if (!IsId(name))
        {
            return null;
        }

        var id = BucketId.Named(name);
        var scan = ScanOf(user, new ListQuery { Limit = 1, Ids = [name] }, limit: 2);
        return (await index.ListByAuthorAsync(scan, cancellationToken)).Entries.Any(entry => entry.Id == id && !entry.IsDeleted) ? id : null;
    }

    /// <summary>The user's buckets in the order of their ids, the default one among them.</summary>
    /// <param name="user">The user.</param>
    /// <param name="after">Only those after this id; null for all.</param>
    /// <param name="limit">The maximal number.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    public ValueTask<BucketRows> ListAsync(Principal user, string? after, int limit, CancellationToken cancellationToken)
    {
        var cursor = after is null ? null : new PageCursorAfter(after).Cursor;
        return index.ListByAuthorAsync(ScanOf(user, new ListQuery { Limit = limit, Sort = [new SortField("id", Descending: false)], Cursor = cursor }, limit), cancellationToken);
    }

    /// <summary>Asks the owner of a bucket, as the user.</summary>
    /// <exception cref="StoreUnavailableException">It has not answered.</exception>
    public async ValueTask<IReadOnlyList<Outcome>> AskAsync(Principal user, BucketId bucket, CancellationToken cancellationToken, params IReadOnlyList<Operation> operations)
    {
        var response = await buckets.Get(bucket).ExecuteAsync(new BucketRequest(Callers.Of(user, bucket), operations), cancellationToken);
        return response.Outcomes.OfType<Unavailable>().FirstOrDefault() is { } unavailable
            ? throw new StoreUnavailableException($"The owner of {bucket} has not answered: {unavailable.Reason}.")
            : response.Outcomes;
    }

    private static BucketScan ScanOf(Principal user, ListQuery query, int limit) => new(user.Id, query, limit) { Account = user.Ref, Kind = BucketKind.Kinto };
}
