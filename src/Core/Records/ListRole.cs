namespace Lockstep.Core.Records;

/// <summary>What a list of a bucket holds. All of them are stored and read the same way.</summary>
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
    /// Changes to a collection that are gathered to be made together. Only the owner sees them. The list goes as a whole at its
    /// <see cref="Storage.ListHead.NextExpiry"/>.
    /// </summary>
    Uploads = 4,

    /// <summary>What was done to the bucket and what lies in it, one record a change; see <see cref="Core.History.HistoryChange"/>.</summary>
    History = 5,

    /// <summary>What the records of one collection were until their changes; see <see cref="FormerState"/>. Only the owner sees them.</summary>
    Former = 6,

    /// <summary>
    /// Has no records. That it is there says that the bucket wants its history kept, or the collection that it is named after. A program that
    /// does not know it leaves it alone.
    /// </summary>
    HistoryOn = 7,

    /// <summary>As <see cref="HistoryOn"/>, of one that wants none kept.</summary>
    HistoryOff = 8,

    /// <summary>Has no records. Counts the entries of <see cref="History"/> that are of the user that it is named after, where fewer of these are kept.</summary>
    HistoryOf = 9,

    /// <summary>
    /// The files of one collection's records, one row a file; see <see cref="Operations.AttachFile"/>. Only the owner sees them. The bytes of the list are those of the files.
    /// </summary>
    Files = 10,
}
