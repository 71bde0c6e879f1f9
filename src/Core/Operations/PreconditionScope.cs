namespace Lockstep.Core.Operations;

/// <summary>Whose stamp a precondition is about.</summary>
public enum PreconditionScope : byte
{
    /// <summary>The object the operation names.</summary>
    Record = 0,

    /// <summary>The list the operation names or its object lies in. Lists always exist.</summary>
    List,

    /// <summary>Everything in the bucket.</summary>
    Bucket,

    /// <summary>The records of the collection that the operation names.</summary>
    Contents,
}
