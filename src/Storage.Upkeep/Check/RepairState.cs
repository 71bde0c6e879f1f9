namespace Lockstep.Storage.Upkeep.Check;

/// <summary>Whether a fault was or can be repaired.</summary>
public enum RepairState
{
    /// <summary>It cannot be: the right state does not follow from anything else.</summary>
    None,

    /// <summary>It could be, since the right state follows from other rows, but repairs were not asked for.</summary>
    Possible,

    /// <summary>It was repaired.</summary>
    Done,
}
