namespace Lockstep.Storage.Contract;

/// <summary>Where a commit fails.</summary>
public enum CommitFault
{
    None,

    /// <summary>Refused before it was done, for certain.</summary>
    Before,

    /// <summary>The store was lost and cannot be asked; nothing was stored.</summary>
    LostBefore,

    /// <summary>The store was lost and cannot be asked; it was stored.</summary>
    LostAfter,
}
