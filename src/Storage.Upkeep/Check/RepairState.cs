namespace Lockstep.Storage.Upkeep.Check;

/// <summary>What became of a finding.</summary>
public enum RepairState
{
    /// <summary>Nothing: what it should be does not follow from anything else that is there.</summary>
    None,

    /// <summary>It follows from other rows, and would be repaired if that were asked for.</summary>
    Possible,

    /// <summary>It is repaired.</summary>
    Done,
}
