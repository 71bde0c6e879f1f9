namespace Lockstep.Core.Records;

/// <summary>Names a list within a bucket.</summary>
/// <param name="Role">What it holds.</param>
/// <param name="Name">The collection's id for <see cref="ListRole.Records"/>, <see cref="ListRole.Former"/> and <see cref="ListRole.Files"/>, else empty.</param>
public readonly record struct ListRef(ListRole Role, string Name)
{
    public static readonly ListRef Self = new(ListRole.Self, "");
    public static readonly ListRef Groups = new(ListRole.Groups, "");
    public static readonly ListRef Collections = new(ListRole.Collections, "");

    public static readonly ListRef History = new(ListRole.History, "");

    /// <param name="collection">Its id, which has no slash in it.</param>
    /// <param name="upload">The upload's own id.</param>
    public static ListRef Upload(string collection, string upload) => new(ListRole.Uploads, $"{collection}/{upload}");

    public static ListRef RecordsOf(string collection) => new(ListRole.Records, collection);

    public static ListRef FormerOf(string collection) => new(ListRole.Former, collection);

    public static ListRef FilesOf(string collection) => new(ListRole.Files, collection);
}
