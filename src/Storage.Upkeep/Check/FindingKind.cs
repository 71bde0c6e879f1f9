namespace Lockstep.Storage.Upkeep.Check;

/// <summary>The kinds of faults in a database.</summary>
public enum FindingKind
{
    /// <summary>The engine itself finds its file damaged.</summary>
    Engine,

    /// <summary>The count of a list is not the number of its records.</summary>
    Count,

    /// <summary>The byte count of a list is not the sum of its records' bytes.</summary>
    Bytes,

    /// <summary>A clock or the stamp of a list is below a stamp that it has issued.</summary>
    Stamp,

    /// <summary>A record expires before the time at which, by its list, the first one does.</summary>
    Expiry,

    /// <summary>A number that is used in a bucket could be given again, or was given twice.</summary>
    Key,

    /// <summary>Rows belong to something that is not there.</summary>
    Orphan,

    /// <summary>Rows that are in use are marked for removal.</summary>
    Removal,

    /// <summary>The remembered permissions of an object, or the index of principals, differ from the object's own permissions.</summary>
    Access,

    /// <summary>An index on a field differs from the records.</summary>
    FieldIndex,

    /// <summary>A file of a record is missing or incomplete.</summary>
    File,

    /// <summary>An account that is gone has left something behind.</summary>
    Account,
}
