using Lockstep.Core.Assignments;

namespace Lockstep.Gateway.Sync15.TokenServer;

/// <summary>Chooses the node of a new store.</summary>
internal static class NodeChoice
{
    /// <returns>The node that is least full for its size, of those that accept stores and have some released; null for none.</returns>
    public static AssignmentNode? Best(IEnumerable<AssignmentNode> nodes) => nodes
        .Where(static node => node is { IsDown: false, IsDraining: false, Available: > 0 } && node.Capacity > node.Load)
        .OrderBy(static node => node.Load == 0 ? -1 : Math.Log(node.Load) / Math.Log(node.Capacity))
        .ThenBy(static node => node.Number)
        .FirstOrDefault();
}
