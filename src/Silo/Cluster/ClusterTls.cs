namespace Lockstep.Silo.Cluster;

/// <summary>
/// TLS between members, with a certificate on each side. Off unless set. Without it, silo ports trust whoever reaches them, so the network must keep others out.
/// </summary>
internal sealed record ClusterTls
{
    /// <summary>PEM file with this member's certificate, and any intermediate certificates.</summary>
    public string? Certificate { get; init; }

    /// <summary>PEM file with its private key.</summary>
    public string? Key { get; init; }

    /// <summary>PEM file with the authority's certificates. Whoever has a certificate that it has signed is a member.</summary>
    public string? Authority { get; init; }

    public bool IsOn => Certificate is not null || Key is not null || Authority is not null;
}
