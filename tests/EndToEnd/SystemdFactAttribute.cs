namespace Lockstep.EndToEnd;

/// <summary>A test that is left out, with the reason, where there is no systemd.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class SystemdFactAttribute : FactAttribute
{
    /// <summary>Listens, and starts a program with the socket.</summary>
    public const string SocketActivate = "/usr/bin/systemd-socket-activate";

    /// <summary>Says what is wrong with a unit.</summary>
    public const string Analyze = "/usr/bin/systemd-analyze";

    // The unit names it, and has to be verified.
    private const string Kill = "/bin/kill";

    public SystemdFactAttribute() => Skip = File.Exists(SocketActivate) && File.Exists(Analyze) && File.Exists(Kill)
        ? null
        : $"systemd or {Kill} is not here (Debian: apt-get install systemd procps)";
}
