namespace Lockstep.Core.Records;

/// <summary>Names a list within a bucket.</summary>
/// <param name="Role">The list's role.</param>
/// <param name="Name">The collection's id for <see cref="ListRole.Records"/>, <see cref="ListRole.Former"/>, <see cref="ListRole.Files"/> and a collection's choice about history, otherwise empty.</param>
public readonly record struct ListRef(ListRole Role, string Name)
{
    public static readonly ListRef Self = new(ListRole.Self, "");
    public static readonly ListRef Groups = new(ListRole.Groups, "");
    public static readonly ListRef Collections = new(ListRole.Collections, "");

    public static readonly ListRef History = new(ListRole.History, "");

    /// <param name="collection">Its id, which contains no slash.</param>
    /// <param name="upload">The upload's own id.</param>
    public static ListRef Upload(string collection, string upload) => new(ListRole.Uploads, $"{collection}/{upload}");

    public static ListRef RecordsOf(string collection) => new(ListRole.Records, collection);

    public static ListRef FormerOf(string collection) => new(ListRole.Former, collection);

    /// <param name="collection">Its id; empty for the bucket.</param>
    public static ListRef HistoryOn(string collection) => new(ListRole.HistoryOn, collection);

    /// <param name="collection">Its id; empty for the bucket.</param>
    public static ListRef HistoryOff(string collection) => new(ListRole.HistoryOff, collection);

    public static ListRef HistoryOf(string user) => new(ListRole.HistoryOf, user);

    /// <summary>Whether the list belongs to history, and was not made by clients.</summary>
    public bool IsOfHistory => Role is ListRole.History or ListRole.Former or ListRole.HistoryOn or ListRole.HistoryOff or ListRole.HistoryOf;

    public static ListRef FilesOf(string collection) => new(ListRole.Files, collection);
}
