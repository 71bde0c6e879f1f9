
namespace Lockstep.Silo.Hosting;

/// <summary>The settings of a member: those of the single-node server, its role, and the cluster.</summary>
internal sealed record MemberOptions : LockstepOptions
{
    public MemberOptions()
    {
    }

    /// <summary>The same settings, for a member.</summary>
    public MemberOptions(LockstepOptions options)
        : base(options)
    {
    }

    /// <summary>What the program does. Default: single.</summary>
    public MemberRole Role { get; init; } = MemberRole.Single;

    public ClusterSettings Cluster { get; init; } = new();

    public override (string Addresses, string Settings) Listeners() => Role is MemberRole.Gateway or MemberRole.Single
        ? base.Listeners()
        : ($"{Urls}, {Cluster.Address}:{Cluster.SiloPort} or {Cluster.Address}:{Cluster.GatewayPort}", "Urls, Cluster:SiloPort or Cluster:GatewayPort");
}
