using Lockstep.Core.Buckets;
using Lockstep.Core.Quotas;

namespace Lockstep.Core.Owner;

/// <summary>The limits of users, buckets and collections; 0 for no limit. What administrators have set comes first, then the overrides in the settings, then the general settings.</summary>
internal sealed class QuotaRules
{
    private readonly QuotaOptions options;
    private readonly Dictionary<string, Limit> users = new(StringComparer.Ordinal);
    private readonly Dictionary<(BucketId Bucket, string? Collection), Limit> places = [];

    /// <param name="options">The limits of the settings.</param>
    /// <param name="stored">The quotas that administrators have set.</param>
    /// <param name="usage">Says what all of a user's buckets hold, if users have limits; null if it is not needed.</param>
    public QuotaRules(QuotaOptions options, IReadOnlyList<Quota> stored, Func<UserUsage>? usage)
    {
        this.options = options;
        foreach (var one in options.Overrides.Values)
        {
            Add(one.User, one.Bucket, one.Collection, new Limit(one.Bytes, one.Records));
        }

        foreach (var one in stored)
        {
            Add(one.Subject.User, one.Subject.Bucket, one.Subject.Collection, new Limit(one.Bytes, one.Records));
        }

        Usage = options.UserBytes > 0 || options.UserRecords > 0 || users.Count > 0 ? usage?.Invoke() : null;
    }

    public bool LimitsUsers => Usage is not null;

    /// <summary>What users' buckets hold; null if users have no limits.</summary>
    public UserUsage? Usage { get; }

    public QuotaAmount OfBucket(BucketId bucket) => places.GetValueOrDefault((bucket, null)).Or(options.BucketBytes, options.BucketRecords);

    public QuotaAmount OfCollection(BucketId bucket, string collection) =>
        places.GetValueOrDefault((bucket, collection)).Or(options.CollectionBytes, options.CollectionRecords);

    public QuotaAmount OfUser(string user) => users.GetValueOrDefault(user).Or(options.UserBytes, options.UserRecords);

    /// <summary>Adds a limit that takes precedence over earlier ones.</summary>
    private void Add(string? user, string? bucket, string? collection, Limit limit)
    {
        if (user is not null)
        {
            users[user] = limit.Before(users.GetValueOrDefault(user));
        }
        else
        {
            var place = (bucket!.StartsWith("u:", StringComparison.Ordinal) ? BucketId.Parse(bucket) : BucketId.Named(bucket), collection);
            places[place] = limit.Before(places.GetValueOrDefault(place));
        }
    }

    /// <summary>The limits set for one subject; null where none is set.</summary>
    private readonly record struct Limit(long? Bytes, long? Records)
    {
        public Limit Before(Limit other) => new(Bytes ?? other.Bytes, Records ?? other.Records);

        public QuotaAmount Or(long bytes, long records) => new(Bytes ?? bytes, Records ?? records);
    }
}
