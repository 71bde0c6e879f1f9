namespace Lockstep.Core.Outcomes;

/// <summary>Why an operation was not answered. All but <see cref="FateUnknown"/> promise that nothing was written.</summary>
public enum UnavailableReason : byte
{
    /// <summary>The queue of the bucket or of the process is full or takes too long, or others kept changing what was read.</summary>
    Overloaded,

    /// <summary>The bucket's clock is too far ahead of the wall clock.</summary>
    ClockAhead,

    /// <summary>The store refused or could not be reached; not executed.</summary>
    StoreFailed,

    /// <summary>The store was lost during the commit and cannot be asked what happened, or a fault came between the two.</summary>
    FateUnknown,
}
