namespace Lockstep.Storage.Upkeep.Check;

/// <summary>What can be wrong in a database.</summary>
public enum FindingKind
{
    /// <summary>The engine itself finds its file damaged.</summary>
    Engine,

    /// <summary>A list says that it has more or fewer records than it has.</summary>
    Count,

    /// <summary>A list says that its records have more or fewer bytes than they have.</summary>
    Bytes,

    /// <summary>A clock or the stamp of a list is below a stamp that it has given.</summary>
    Stamp,

    /// <summary>A record expires before its list says that any does.</summary>
    Expiry,

    /// <summary>A number that is used in a bucket may be given again, or is given twice.</summary>
    Key,

    /// <summary>Rows that belong to nothing that is there.</summary>
    Orphan,

    /// <summary>Rows that are in use are marked for removal.</summary>
    Removal,

    /// <summary>What is remembered of an object's permissions, or the index of principals, differs from what the objects say.</summary>
    Access,

    /// <summary>An index on a field differs from the records.</summary>
    FieldIndex,

    /// <summary>A file of a record is not there, or not whole.</summary>
    File,

    /// <summary>Something is left of an account that is gone.</summary>
    Account,
}
