namespace Lockstep.Core.Outcomes;

/// <summary>Why an operation was not answered. All except <see cref="FateUnknown"/> guarantee that nothing was written.</summary>
public enum UnavailableReason : byte
{
    /// <summary>The queue of the bucket or of the process is full or too slow, or others kept changing the data that was read.</summary>
    Overloaded,

    /// <summary>The bucket's clock is too far ahead of the wall clock.</summary>
    ClockAhead,

    /// <summary>The store refused or could not be reached; not executed.</summary>
    StoreFailed,

    /// <summary>The store was lost during the commit and cannot be asked about the outcome, or a fault came between the two.</summary>
    FateUnknown,
}
