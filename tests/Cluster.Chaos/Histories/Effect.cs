namespace Lockstep.Cluster.Chaos.Histories;

/// <summary>What the caller was told of a write.</summary>
internal enum Effect
{
    Applied,

    /// <summary>The condition did not hold. Answers of "nothing was changed" for other reasons are no part of a history.</summary>
    NotApplied,

    /// <summary>It may have taken effect, may do so at any later time, or never.</summary>
    Unknown,
}
