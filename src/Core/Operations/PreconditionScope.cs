namespace Lockstep.Core.Operations;

/// <summary>The subject whose stamp a precondition tests.</summary>
public enum PreconditionScope : byte
{
    /// <summary>The object the operation names.</summary>
    Record = 0,

    /// <summary>The list that the operation names, or its object's list. Lists always exist.</summary>
    List,

    /// <summary>Everything in the bucket.</summary>
    Bucket,

    /// <summary>The records of the collection that the operation names.</summary>
    Contents,
}
