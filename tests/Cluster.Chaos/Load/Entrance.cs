using Lockstep.Cluster.Chaos.Processes;

namespace Lockstep.Cluster.Chaos.Load;

/// <summary>Where clients come in.</summary>
/// <param name="Url">The address.</param>
/// <param name="Member">The gateway, whose connections may break while the test disturbs it; null for a load balancer, whose may not.</param>
internal sealed record Entrance(Uri Url, Member? Member);
