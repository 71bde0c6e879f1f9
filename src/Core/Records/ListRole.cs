namespace Lockstep.Core.Records;

/// <summary>The role of a list in its bucket. All lists are stored and read the same way.</summary>
public enum ListRole : byte
{
    /// <summary>The records of one collection.</summary>
    Records = 0,

    /// <summary>The bucket's own object: metadata, ACL and author in a list of one.</summary>
    Self = 1,

    /// <summary>The bucket's collections, one record each.</summary>
    Collections = 2,

    /// <summary>The bucket's groups, one record each.</summary>
    Groups = 3,

    /// <summary>
    /// Changes to a collection that are gathered and then made together. Only the owner sees them. The whole list is removed at its
    /// <see cref="Storage.ListHead.NextExpiry"/>.
    /// </summary>
    Uploads = 4,

    /// <summary>The history of the bucket and its contents, one record a change; see <see cref="Core.History.HistoryChange"/>.</summary>
    History = 5,

    /// <summary>Earlier states of the records of one collection; see <see cref="FormerState"/>. Only the owner sees them.</summary>
    Former = 6,

    /// <summary>
    /// Has no records. Its existence says that the bucket, or the collection in its name, wants its history kept. A program that
    /// does not know this role leaves the list alone.
    /// </summary>
    HistoryOn = 7,

    /// <summary>As <see cref="HistoryOn"/>, for a bucket or collection that wants no history kept.</summary>
    HistoryOff = 8,

    /// <summary>Has no records. Counts the entries of <see cref="History"/> by the user in its name, where fewer of that user's entries are kept.</summary>
    HistoryOf = 9,

    /// <summary>
    /// The files of one collection's records, one row a file; see <see cref="Operations.AttachFile"/>. Only the owner sees them. The bytes of the list are those of the files.
    /// </summary>
    Files = 10,
}
