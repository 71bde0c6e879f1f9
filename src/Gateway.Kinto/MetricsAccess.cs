namespace Lockstep.Gateway.Kinto;

/// <summary>Who may read the measurements of the process.</summary>
public enum MetricsAccess
{
    /// <summary>Nobody.</summary>
    Off,

    /// <summary>Administrators, who sign in for it.</summary>
    Administrators,

    /// <summary>Whoever reaches the server.</summary>
    Everyone,
}
