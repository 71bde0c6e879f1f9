namespace Lockstep.Cluster.Chaos.Histories;

/// <summary>What a write to a register asks for.</summary>
internal enum WriteCondition
{
    None,

    /// <summary><c>If-Match</c>: the register is there, with this stamp.</summary>
    IfMatch,

    /// <summary><c>If-None-Match: *</c>: nothing is there.</summary>
    IfAbsent,

    /// <summary><c>X-If-Unmodified-Since</c>: nothing is there, or what has at most this stamp.</summary>
    IfUnmodified,

    /// <summary>A deletion that was told that there is nothing.</summary>
    IfPresent,
}
