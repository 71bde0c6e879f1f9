using Lockstep.Core.Buckets;
using Lockstep.Core.Quotas;
using Lockstep.Core.Storage;

namespace Lockstep.Core.Owner;

/// <summary>What users, buckets and collections may hold; 0 for no limit.</summary>
internal sealed class QuotaRules
{
    private readonly QuotaOptions options;
    private readonly Dictionary<string, QuotaOverride> users = new(StringComparer.Ordinal);
    private readonly Dictionary<(BucketId Bucket, string? Collection), QuotaOverride> places = [];

    /// <param name="options">The limits.</param>
    /// <param name="index">Says what all of a user's buckets hold; null where nobody asks.</param>
    /// <param name="time">The clock.</param>
    public QuotaRules(QuotaOptions options, IBucketIndex? index, TimeProvider time)
    {
        this.options = options;
        foreach (var one in options.Overrides.Values)
        {
            if (one.User is { } user)
            {
                users[user] = one;
            }
            else
            {
                places[(one.IsOfPersonalBucket ? BucketId.Parse(one.Bucket!) : BucketId.Named(one.Bucket!), one.Collection)] = one;
            }
        }

        LimitsUsers = index is not null && (options.UserBytes > 0 || options.UserRecords > 0 || users.Count > 0);
        Usage = LimitsUsers ? new UserUsage(index!.UsageByAuthorAsync, options.UserTime, time) : null;
    }

    public bool LimitsUsers { get; }

    /// <summary>What users' buckets hold; null where users have no limits.</summary>
    public UserUsage? Usage { get; }

    public QuotaAmount OfBucket(BucketId bucket) => Limit(places.GetValueOrDefault((bucket, null)), options.BucketBytes, options.BucketRecords);

    public QuotaAmount OfCollection(BucketId bucket, string collection) =>
        Limit(places.GetValueOrDefault((bucket, collection)), options.CollectionBytes, options.CollectionRecords);

    public QuotaAmount OfUser(string user) => Limit(users.GetValueOrDefault(user), options.UserBytes, options.UserRecords);

    private static QuotaAmount Limit(QuotaOverride? one, long bytes, long records) => new(one?.Bytes ?? bytes, one?.Records ?? records);
}
