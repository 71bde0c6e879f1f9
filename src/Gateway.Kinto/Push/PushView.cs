using Lockstep.Core.Buckets;
using Lockstep.Core.Lists;
using Lockstep.Core.Operations;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Records;
using Lockstep.Core.Time;
using Lockstep.Gateway.Accounts;
using Lockstep.Gateway.Http;

namespace Lockstep.Gateway.Kinto.Push;

/// <summary>What a subscription is about, as its owner may see it.</summary>
internal sealed class PushView(IBuckets buckets, KintoOptions options)
{
    /// <summary>The stamp of the newest change that a user may see.</summary>
    /// <param name="principal">The user.</param>
    /// <param name="bucket">The bucket.</param>
    /// <param name="collection">The collection whose records it is about; empty for all collections of the bucket, and their records.</param>
    /// <param name="since">Nothing before this matters.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>The stamp; or why the user may not see it, or it cannot be read.</returns>
    public async ValueTask<(ServerTimestamp Stamp, Outcome? Refusal)> ReadAsync(
        Principal principal, BucketId bucket, string collection, ServerTimestamp since, CancellationToken cancellationToken)
    {
        if (bucket.IsDefaultBucket && !string.Equals(bucket.Name, principal.DefaultBucket, StringComparison.Ordinal))
        {
            return (default, Forbidden.Instance);
        }

        var caller = Callers.Of(principal, bucket);
        if (collection.Length > 0)
        {
            return Newest(await ExecuteAsync([Records(collection)]));
        }

        // The newest collections come first.
        var found = await ExecuteAsync([new ListRecords(ListRef.Collections, new ListQuery { Limit = options.Push.MaxCollections, Projection = Projection.Metadata })]);
        if (found is not [PageFound { Records: { Count: > 0 } all }])
        {
            return Newest(found);
        }

        var records = await ExecuteAsync([.. all.Select(one => Records(one.Id))]);

        // A collection that is deleted meanwhile changes the list of collections.
        return Newest([.. found, .. records.Where(static outcome => outcome is PageFound or Unavailable)]);

        ListRecords Records(string name) => new(
            ListRef.RecordsOf(name), new ListQuery { Since = since > ServerTimestamp.Zero ? since : null, Limit = 1, Projection = Projection.Metadata });

        async ValueTask<IReadOnlyList<Outcome>> ExecuteAsync(Operation[] operations) =>
            (await buckets.Get(bucket).ExecuteAsync(new BucketRequest(caller, operations), cancellationToken)).Outcomes;

        // What is not there yet in a bucket of one's own is made with the first write.
        (ServerTimestamp, Outcome?) Newest(IReadOnlyList<Outcome> outcomes) =>
            outcomes.FirstOrDefault(outcome => outcome is not PageFound && !(caller.Access == BucketAccess.Own && outcome is Missing or ParentMissing)) is { } refusal ? (default, refusal)
            : (outcomes.OfType<PageFound>().SelectMany(static page => page.Records.Select(static record => record.Modified).Append(page.ListStamp)).DefaultIfEmpty().Max(), null);
    }
}
