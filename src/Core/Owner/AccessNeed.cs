namespace Lockstep.Core.Owner;

/// <summary>The access that an operation needs to an object or a list.</summary>
internal enum AccessNeed : byte
{
    /// <summary>To see an object's own data. A caller who may create objects in it may see it too.</summary>
    ReadObject = 0,

    /// <summary>To see all objects of a list.</summary>
    ReadList,

    /// <summary>To change or delete an object.</summary>
    WriteObject,

    /// <summary>To delete all objects of a list.</summary>
    WriteList,

    /// <summary>To create an object in a list.</summary>
    Create,
}
