using Lockstep.Core.Buckets;
using Lockstep.Core.Lists;
using Lockstep.Core.Operations;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;

namespace Lockstep.Gateway.Accounts;

/// <summary>All buckets that are somebody's own, as they are deleted when that somebody goes.</summary>
public sealed class OwnedBuckets(IBucketIndex index, IBuckets buckets)
{
    private const int DeletedAtOnce = 500;

    /// <summary>Can be begun again where it was cut off.</summary>
    /// <param name="principal">Whose.</param>
    /// <param name="defaultBucket">Id of the bucket that is theirs alone.</param>
    /// <param name="isMeant">Whether what is listed now is still theirs, and no later holder's of the name.</param>
    /// <exception cref="StoreUnavailableException">Not finished.</exception>
    public async ValueTask DeleteAsync(string principal, string defaultBucket, Func<ValueTask<bool>> isMeant)
    {
        await DeleteAsync(BucketId.DefaultBucket(defaultBucket), principal, Precondition.None);
        BucketId? last = null;
        var all = new BucketScan(principal, new ListQuery { Limit = DeletedAtOnce }, DeletedAtOnce);
        for (var deleted = true; (await index.ListByAuthorAsync(all, CancellationToken.None)).Entries is { Count: > 0 } left;)
        {
            // What was listed while the account had the name is no later account's.
            if (!await isMeant())
            {
                return;
            }

            if (left.All(static entry => entry.Id.Kind == BucketKind.Unknown))
            {
                // Of a newer program, which has to see to them.
                return;
            }

            if (!deleted && left[0].Id == last)
            {
                throw new StoreUnavailableException($"The bucket {last} cannot be deleted.");
            }

            (deleted, last) = (false, left[0].Id);
            foreach (var entry in left)
            {
                // Somebody else may have made the bucket anew since it was listed.
                deleted |= await DeleteAsync(entry.Id, principal, new Precondition(PreconditionScope.Record, PreconditionTest.Match, entry.Modified));
            }
        }
    }

    /// <returns>Whether it was there, and as the precondition says.</returns>
    private async ValueTask<bool> DeleteAsync(BucketId id, string principal, Precondition precondition)
    {
        var request = new BucketRequest(Callers.Closing(principal), [new DeleteRecord(ObjectRef.Bucket) { Precondition = precondition }]);
        var response = await buckets.Get(id).ExecuteAsync(request, CancellationToken.None);
        return response.Outcomes[0] is Unavailable unavailable
            ? throw new StoreUnavailableException($"The bucket was not deleted: {unavailable.Reason}.")
            : response.Outcomes[0] is RecordDeleted;
    }
}
