namespace Lockstep.Silo.Cluster;

/// <summary>
/// TLS between members, both sides with a certificate. Off unless set: without it the silo ports believe whoever reaches
/// them, and only a network that nobody else is in keeps others out.
/// </summary>
internal sealed record ClusterTls
{
    /// <summary>PEM file with this member's certificate, and those between it and the authority's.</summary>
    public string? Certificate { get; init; }

    /// <summary>PEM file with its private key.</summary>
    public string? Key { get; init; }

    /// <summary>PEM file with the certificates of the authority. Who has one of its certificates is a member.</summary>
    public string? Authority { get; init; }

    public bool IsOn => Certificate is not null || Key is not null || Authority is not null;
}
