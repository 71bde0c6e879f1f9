namespace Lockstep.Gateway.Kinto;

/// <summary>Who may read the measurements of the process.</summary>
public enum MetricsAccess
{
    /// <summary>Nobody.</summary>
    Off,

    /// <summary>Administrators, who must sign in.</summary>
    Administrators,

    /// <summary>Everybody who can reach the server.</summary>
    Everyone,
}
