namespace Lockstep.Core.Storage;

/// <summary>The outcome of a commit.</summary>
public enum CommitStatus : byte
{
    /// <summary>Stored durably.</summary>
    Done,

    /// <summary>Another version is stored: this owner's heads are outdated. Nothing was written.</summary>
    Stale,

    /// <summary>The store could not execute it; nothing was written.</summary>
    NotExecuted,

    /// <summary>The store refuses the commit's content, and would do so again; nothing was written.</summary>
    Refused,

    /// <summary>An account in whose name it is written is closed; nothing was written.</summary>
    Closed,

    /// <summary>The store was lost during the commit and cannot be asked about the outcome.</summary>
    Unknown,
}
