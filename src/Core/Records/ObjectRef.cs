namespace Lockstep.Core.Records;

/// <summary>Names one object within a bucket: a record, a collection, a group or the bucket itself.</summary>
public readonly record struct ObjectRef(ListRef List, string Id)
{
    /// <summary>The bucket's own object.</summary>
    public static readonly ObjectRef Bucket = new(ListRef.Self, "bucket");

    public static ObjectRef Collection(string id) => new(ListRef.Collections, id);

    public static ObjectRef Group(string id) => new(ListRef.Groups, id);

    public static ObjectRef Record(string collection, string id) => new(ListRef.RecordsOf(collection), id);
}
