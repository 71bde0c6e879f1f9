namespace Lockstep.Core.Storage;

/// <summary>What a store says of a commit.</summary>
public enum CommitStatus : byte
{
    /// <summary>Stored durably.</summary>
    Done,

    /// <summary>Another version is stored: this owner's heads are old. Nothing was written.</summary>
    Stale,

    /// <summary>The store could not; nothing was written.</summary>
    NotExecuted,

    /// <summary>The store refuses what is in the commit, and would again; nothing was written.</summary>
    Refused,

    /// <summary>An account in whose name it is written is closed; nothing was written.</summary>
    Closed,

    /// <summary>The store was lost in the middle and cannot be asked what happened.</summary>
    Unknown,
}
