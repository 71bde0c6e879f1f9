namespace Lockstep.Core.Quotas;

/// <summary>What came of a wish to set a quota.</summary>
public enum QuotaChange
{
    /// <summary>It is set.</summary>
    Done,

    /// <summary>It is not as it was read any more; nothing was changed.</summary>
    ReadAgain,

    /// <summary>There are as many as may be; nothing was changed.</summary>
    Full,
}
