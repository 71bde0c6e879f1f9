using Lockstep.Core.Buckets;
using Lockstep.Core.Records;
using Lockstep.Gateway.Accounts;
using Lockstep.Gateway.Http;

namespace Lockstep.Gateway.Kinto;

/// <summary>The bucket, list or object that a path under <c>/buckets</c> names.</summary>
/// <param name="Bucket">The bucket.</param>
/// <param name="BucketName">Its id as clients see it; never <c>default</c>.</param>
/// <param name="Caller">The caller, as the bucket's owner needs to know them.</param>
/// <param name="List">The list.</param>
/// <param name="Id">The object; null for the list itself.</param>
internal sealed record KintoTarget(BucketId Bucket, string BucketName, Caller Caller, ListRef List, string? Id)
{
    /// <summary>The name of every user's own bucket.</summary>
    public const string Default = "default";

    public ObjectRef Object => List.Role == ListRole.Self ? ObjectRef.Bucket : new ObjectRef(List, Id!);

    /// <summary>The path with <c>default</c> replaced. Built on demand, because few answers have it.</summary>
    public string Path
    {
        get => field ?? (Id is null ? ListPath : $"{ListPath}/{Id}");
        init;
    }

    private string ListPath => List.Role switch
    {
        ListRole.Self => "/buckets",
        ListRole.Collections => $"/buckets/{BucketName}/collections",
        ListRole.Groups => $"/buckets/{BucketName}/groups",
        ListRole.History => $"/buckets/{BucketName}/history",
        _ => $"/buckets/{BucketName}/collections/{List.Name}/records",
    };

    /// <summary>Kinto's name for the kind of object.</summary>
    public string ResourceName => NameOf(List.Role);

    /// <summary>A user's own bucket under either of its names, or another bucket.</summary>
    /// <param name="principal">The user; null if nobody has signed in, who has no <c>default</c>.</param>
    /// <param name="name">The name.</param>
    public static KintoTarget OfBucket(Principal? principal, string name)
    {
        var isDefault = principal is not null && (name is Default || string.Equals(name, principal.DefaultBucket, StringComparison.Ordinal));
        var publicName = isDefault ? principal!.DefaultBucket : name;
        var bucket = isDefault ? BucketId.DefaultBucket(publicName) : BucketId.Named(publicName);
        return new KintoTarget(bucket, publicName, Callers.Of(principal, bucket), ListRef.Self, publicName);
    }

    /// <summary>From a bucket to the list of its collections.</summary>
    public KintoTarget Collections() => this with { List = ListRef.Collections, Id = null };

    /// <summary>From a bucket to one of its collections.</summary>
    public KintoTarget Collection(string id) => this with { List = ListRef.Collections, Id = id };

    /// <summary>From a bucket to the list of its groups.</summary>
    public KintoTarget Groups() => this with { List = ListRef.Groups, Id = null };

    /// <summary>From a bucket to one of its groups.</summary>
    public KintoTarget Group(string id) => this with { List = ListRef.Groups, Id = id };

    /// <summary>From a bucket to the list of a collection's records.</summary>
    public KintoTarget Records(string collection) =>
        this with { List = ListRef.RecordsOf(collection), Id = null };

    /// <summary>From a bucket to one record.</summary>
    public KintoTarget Record(string collection, string id) =>
        this with { List = ListRef.RecordsOf(collection), Id = id };

    /// <summary>From a bucket to its history.</summary>
    public KintoTarget History() => this with { List = ListRef.History, Id = null };

    public static string NameOf(ListRole role) => role switch
    {
        ListRole.Self => "bucket",
        ListRole.Collections => "collection",
        ListRole.Groups => "group",
        ListRole.History => "history",
        _ => "record",
    };

    /// <summary>An object's id as clients see it.</summary>
    public string PublicId(string stored) => List.Role == ListRole.Self ? BucketName : stored;
}
