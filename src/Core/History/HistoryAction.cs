namespace Lockstep.Core.History;

/// <summary>What was done to an object.</summary>
public enum HistoryAction : byte
{
    Create = 0,
    Update,
    Delete,
}
