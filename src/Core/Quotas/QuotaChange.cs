namespace Lockstep.Core.Quotas;

/// <summary>The outcome of setting a quota.</summary>
public enum QuotaChange
{
    /// <summary>It is set.</summary>
    Done,

    /// <summary>The quota has changed since it was read; nothing was changed.</summary>
    ReadAgain,

    /// <summary>The maximal number of quotas is reached; nothing was changed.</summary>
    Full,
}
