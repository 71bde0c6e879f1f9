using Lockstep.Core.Buckets;
using Lockstep.Core.Lists;
using Lockstep.Core.Operations;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;

namespace Lockstep.Gateway.Accounts;

/// <summary>Deletes all buckets of a user who is being deleted.</summary>
public sealed class OwnedBuckets(IBucketIndex index, IBuckets buckets)
{
    private const int DeletedAtOnce = 500;

    /// <summary>Can be repeated after an interruption.</summary>
    /// <param name="principal">The user.</param>
    /// <param name="defaultBucket">Id of the user's personal bucket.</param>
    /// <param name="isMeant">Whether the buckets listed now still belong to the user, and not to a later holder of the name.</param>
    /// <exception cref="StoreUnavailableException">Not finished.</exception>
    public async ValueTask DeleteAsync(string principal, string defaultBucket, Func<ValueTask<bool>> isMeant)
    {
        await DeleteAsync(BucketId.DefaultBucket(defaultBucket), principal, Precondition.None);
        BucketId? last = null;
        var all = new BucketScan(principal, new ListQuery { Limit = DeletedAtOnce }, DeletedAtOnce);
        for (var deleted = true; (await index.ListByAuthorAsync(all, CancellationToken.None)).Entries is { Count: > 0 } left;)
        {
            // Buckets that were listed while the account had the name belong to no later account.
            if (!await isMeant())
            {
                return;
            }

            if (left.All(static entry => entry.Id.Kind == BucketKind.Unknown))
            {
                // A bucket of a newer program, which has to delete it.
                return;
            }

            if (!deleted && left[0].Id == last)
            {
                throw new StoreUnavailableException($"The bucket {last} cannot be deleted.");
            }

            (deleted, last) = (false, left[0].Id);
            foreach (var entry in left)
            {
                // Somebody else may have made the bucket again since it was listed.
                deleted |= await DeleteAsync(entry.Id, principal, new Precondition(PreconditionScope.Record, PreconditionTest.Match, entry.Modified));
            }
        }
    }

    /// <returns>Whether it existed and met the precondition.</returns>
    private async ValueTask<bool> DeleteAsync(BucketId id, string principal, Precondition precondition)
    {
        var request = new BucketRequest(Callers.Closing(principal), [new DeleteRecord(ObjectRef.Bucket) { Precondition = precondition }]);
        var response = await buckets.Get(id).ExecuteAsync(request, CancellationToken.None);
        return response.Outcomes[0] is Unavailable unavailable
            ? throw new StoreUnavailableException($"The bucket was not deleted: {unavailable.Reason}.")
            : response.Outcomes[0] is RecordDeleted;
    }
}
