using Lockstep.Core.Buckets;
using Lockstep.Core.Records;
using Lockstep.Gateway.Http;

namespace Lockstep.Gateway.Kinto;

/// <summary>From the part of a path behind <c>/buckets</c> to what it names, for one caller.</summary>
internal static class KintoPaths
{
    /// <param name="principal">Whose <c>default</c> it is.</param>
    /// <param name="segments">What follows <c>/buckets/</c>, not empty.</param>
    /// <returns>Null when there is no such resource.</returns>
    public static KintoTarget? Resolve(Principal principal, ReadOnlySpan<string> segments)
    {
        var bucket = Bucket(principal, segments[0]);
        return segments.Length switch
        {
            1 => bucket,
            2 when segments[1] is "collections" => bucket with { List = ListRef.Collections, Id = null, Path = $"{bucket.Path}/collections" },
            3 when segments[1] is "collections" => bucket with
            {
                List = ListRef.Collections,
                Id = segments[2],
                Path = $"{bucket.Path}/collections/{segments[2]}",
            },
            4 when segments[1] is "collections" && segments[3] is "records" => bucket with
            {
                List = ListRef.RecordsOf(segments[2]),
                Id = null,
                Path = $"{bucket.Path}/collections/{segments[2]}/records",
            },
            5 when segments[1] is "collections" && segments[3] is "records" => bucket with
            {
                List = ListRef.RecordsOf(segments[2]),
                Id = segments[4],
                Path = $"{bucket.Path}/collections/{segments[2]}/records/{segments[4]}",
            },
            _ => null,
        };
    }

    /// <summary>A user's own bucket under either of its names, or a bucket somebody named.</summary>
    public static KintoTarget Bucket(Principal principal, string name)
    {
        var isDefault = name is "default" || string.Equals(name, principal.DefaultBucket, StringComparison.Ordinal);
        var publicName = isDefault ? principal.DefaultBucket : name;
        return new KintoTarget(
            isDefault ? BucketId.DefaultBucket(publicName) : BucketId.Named(publicName),
            publicName,
            new Caller(new(principal.Id), isDefault ? BucketAccess.Own : BucketAccess.ByAcl),
            ListRef.Self,
            publicName,
            $"/buckets/{publicName}");
    }
}
