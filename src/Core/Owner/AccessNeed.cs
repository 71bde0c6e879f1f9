namespace Lockstep.Core.Owner;

/// <summary>What is asked for of an object or a list.</summary>
internal enum AccessNeed : byte
{
    /// <summary>To see an object's own data. Whoever may make things in it may see it too.</summary>
    ReadObject = 0,

    /// <summary>To see all objects of a list.</summary>
    ReadList,

    /// <summary>To change or delete an object.</summary>
    WriteObject,

    /// <summary>To delete all objects of a list.</summary>
    WriteList,

    /// <summary>To make an object in a list.</summary>
    Create,
}
