namespace Lockstep.Core.Permissions;

/// <summary>Rights on an object. Which of them apply depends on the kind of object.</summary>
public enum Right : byte
{
    /// <summary>To see the object, and everything in it.</summary>
    Read = 0,

    /// <summary>To change and delete the object and everything in it, and to give rights on them.</summary>
    Write = 1,

    /// <summary>For a bucket: to make collections in it.</summary>
    CreateCollections = 2,

    /// <summary>For a bucket: to make groups in it.</summary>
    CreateGroups = 3,

    /// <summary>For a collection: to make records in it.</summary>
    CreateRecords = 4,
}
