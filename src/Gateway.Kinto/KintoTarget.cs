using Lockstep.Core.Buckets;
using Lockstep.Core.Records;

namespace Lockstep.Gateway.Kinto;

/// <summary>What a path under <c>/buckets</c> names.</summary>
/// <param name="Bucket">The bucket.</param>
/// <param name="BucketName">Its id as clients see it; never <c>default</c>.</param>
/// <param name="Caller">The caller, as this bucket's owner needs to know him.</param>
/// <param name="List">The list.</param>
/// <param name="Id">The object; null for the list itself.</param>
/// <param name="Path">The path with <c>default</c> replaced.</param>
internal sealed record KintoTarget(BucketId Bucket, string BucketName, Caller Caller, ListRef List, string? Id, string Path)
{
    public ObjectRef Object => List.Role == ListRole.Self ? ObjectRef.Bucket : new ObjectRef(List, Id!);

    /// <summary>Kinto's name for the kind of object.</summary>
    public string ResourceName => NameOf(List.Role);

    public static string NameOf(ListRole role) => role switch
    {
        ListRole.Self => "bucket",
        ListRole.Collections => "collection",
        ListRole.Groups => "group",
        _ => "record",
    };

    /// <summary>An object's id as clients see it.</summary>
    public string PublicId(string stored) => List.Role == ListRole.Self ? BucketName : stored;
}
