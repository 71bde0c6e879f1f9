namespace Lockstep.Core.Permissions;

/// <summary>What somebody can be allowed on an object. What an object is asked for of these depends on what it is.</summary>
public enum Right : byte
{
    /// <summary>To see it, and all that lies in it.</summary>
    Read = 0,

    /// <summary>To change and delete it, and all that lies in it; and to say who may.</summary>
    Write = 1,

    /// <summary>Of a bucket: to make collections in it.</summary>
    CreateCollections = 2,

    /// <summary>Of a bucket: to make groups in it.</summary>
    CreateGroups = 3,

    /// <summary>Of a collection: to make records in it.</summary>
    CreateRecords = 4,
}
