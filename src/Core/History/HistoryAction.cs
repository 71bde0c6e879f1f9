namespace Lockstep.Core.History;

/// <summary>The action of a change of an object.</summary>
public enum HistoryAction : byte
{
    Create = 0,
    Update,
    Delete,
}
