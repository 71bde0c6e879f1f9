using System.Globalization;
using Lockstep.Core.Settings;

namespace Lockstep.Core.Quotas;

/// <summary>How much buckets may hold whose kind has quotas. Bytes are those of the data of live objects, as they are stored; 0 is no limit.</summary>
public sealed record QuotaOptions
{
    /// <summary>Bytes that a bucket may hold: its own data and that of its collections, groups and records. Default: 0, no limit.</summary>
    [Bounds(0)]
    public long BucketBytes { get; init; }

    /// <summary>Records that a bucket may hold. Default: 0, no limit.</summary>
    [Bounds(0)]
    public long BucketRecords { get; init; }

    /// <summary>Bytes that the records of a collection may have together. Default: 0, no limit.</summary>
    [Bounds(0)]
    public long CollectionBytes { get; init; }

    /// <summary>Records that a collection may hold. Default: 0, no limit.</summary>
    [Bounds(0)]
    public long CollectionRecords { get; init; }

    /// <summary>Bytes that all buckets of one author may hold together. Default: 0, no limit.</summary>
    [Bounds(0)]
    public long UserBytes { get; init; }

    /// <summary>Records that all buckets of one author may hold together. Default: 0, no limit.</summary>
    [Bounds(0)]
    public long UserRecords { get; init; }

    /// <summary>
    /// For how long a process relies on its last reading of all of a user's buckets, plus its own writes to them since. Writes of other processes
    /// in that time can exceed the user's quota. Default: 10 seconds.
    /// </summary>
    [Bounds(BoundsAttribute.Millisecond, BoundsAttribute.Minute)]
    public TimeSpan UserTime { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// How often a silo looks for quotas that administrators have set. After this time a change applies in the whole cluster, as long as the home database
    /// answers. Default: 5 seconds.
    /// </summary>
    [Bounds(BoundsAttribute.Millisecond, BoundsAttribute.Minute)]
    public TimeSpan RefreshTime { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Other limits for some users, buckets and collections, numbered from "1". Default: none.</summary>
    public IReadOnlyDictionary<string, QuotaOverride> Overrides { get; init; } = new Dictionary<string, QuotaOverride>(StringComparer.Ordinal);

    /// <summary>Whether anything is limited at all.</summary>
    public bool IsOn => BucketBytes > 0 || BucketRecords > 0 || CollectionBytes > 0 || CollectionRecords > 0 || UserBytes > 0 || UserRecords > 0 || Overrides.Count > 0;

    /// <summary>What all buckets of a user may hold together, by what is set for them; 0 is no limit.</summary>
    /// <param name="user">The principal.</param>
    /// <param name="stored">What an administrator has set for them; null for nothing.</param>
    public QuotaAmount OfUser(string user, Quota? stored)
    {
        var own = Overrides.Values.Where(one => string.Equals(one.User, user, StringComparison.Ordinal)).ToList();
        return new QuotaAmount(
            stored?.Bytes ?? own.LastOrDefault(static one => one.Bytes is not null)?.Bytes ?? UserBytes,
            stored?.Records ?? own.LastOrDefault(static one => one.Records is not null)?.Records ?? UserRecords);
    }

    /// <returns>Problems that no declaration covers: what is wrong, and the fix.</returns>
    public IEnumerable<string> Problems()
    {
        for (var number = 1; number <= Overrides.Count; number++)
        {
            var name = string.Create(CultureInfo.InvariantCulture, $"Buckets:Quotas:Overrides:{number}");
            if (!Overrides.TryGetValue(number.ToString(CultureInfo.InvariantCulture), out var one))
            {
                yield return $"{name} is not set. Overrides are numbered 1, 2, 3 and so on without a gap.";
                yield break;
            }

            if ((one.User is null) == (one.Bucket is null) || (one.Collection is not null && one.Bucket is null))
            {
                yield return $"{name} is about nothing, or about too much. Give it a User, a Bucket, or a Bucket and a Collection.";
            }

            if (one.Bucket is "" or "u:" || (one.Bucket?.IndexOf(':', one.IsOfPersonalBucket ? 2 : 0) ?? -1) >= 0)
            {
                yield return $"{name} names a bucket that cannot be. Give its id, and of somebody's personal bucket u: and its id.";
            }

            if (one is { Bytes: null, Records: null } or { Bytes: < 0 } or { Records: < 0 })
            {
                yield return $"{name} has no Bytes and no Records, or less than 0 of them. 0 is no limit.";
            }
        }
    }
}
