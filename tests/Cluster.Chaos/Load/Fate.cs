namespace Lockstep.Cluster.Chaos.Load;

/// <summary>What an answer says of its request.</summary>
internal enum Fate
{
    /// <summary>It was executed; the answer is the protocol's.</summary>
    Answered,

    /// <summary>It was not executed, and nothing was changed.</summary>
    Refused,

    /// <summary>A write may have been executed, or may still be.</summary>
    Unknown,
}
