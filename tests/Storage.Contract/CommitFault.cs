namespace Lockstep.Storage.Contract;

/// <summary>Where a commit fails.</summary>
public enum CommitFault
{
    None,

    /// <summary>Refused before it was done, for certain.</summary>
    Before,

    /// <summary>The connection was lost, and nothing was stored.</summary>
    LostBefore,

    /// <summary>The connection was lost, and it was stored.</summary>
    LostAfter,
}
