using System.ComponentModel.DataAnnotations;
using System.Text;
using Lockstep.Core.Settings;

namespace Lockstep.Gateway.Audit;

/// <summary>A log for those who watch over a server, in ArcSight's Common Event Format (CEF), in JSON, or in both.</summary>
public sealed record AuditOptions
{
    public const string Syslog = "syslog";

    /// <summary>Where events go in CEF: <c>syslog</c>, or the path of a file. Default: none, and nothing is noted so.</summary>
    public string? Cef { get; init; }

    /// <summary>Where events go as JSON, one object a line: <c>syslog</c>, or the path of a file. Default: none, and nothing is noted so.</summary>
    public string? Json { get; init; }

    /// <summary>How long lines in files are kept at least. Zero: for ever, and the file is left to logrotate. Default: zero.</summary>
    [Bounds(0, 10 * BoundsAttribute.Year)]
    public TimeSpan Retention { get; init; } = TimeSpan.Zero;

    /// <summary>Who makes the device, in each line. Default: Lockstep.</summary>
    public string Vendor { get; init; } = "Lockstep";

    /// <summary>What the device is, in each line. Default: lockstep.</summary>
    public string Product { get; init; } = "lockstep";

    /// <summary>The device's version, in each line. Default: none, the program's own.</summary>
    public string? DeviceVersion { get; init; }

    /// <summary>The facility of syslog. Default: local4.</summary>
    [AllowedValues("user", "daemon", "auth", "authpriv", "local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7")]
    public string Facility { get; init; } = "local4";

    /// <summary>The priority of syslog. Default: info.</summary>
    [AllowedValues("emerg", "alert", "crit", "err", "warning", "notice", "info", "debug")]
    public string Priority { get; init; } = "info";

    /// <summary>The socket of syslog, a whole path of at most 107 bytes. Default: /dev/log.</summary>
    public string SyslogSocket { get; init; } = "/dev/log";

    // Of Linux, with the zero at the end.
    private const int MaxSocketPathBytes = 108;

    public bool IsOn => Cef is { Length: > 0 } || Json is { Length: > 0 };

    /// <returns>Problems that no declaration covers: what is wrong, and the fix.</returns>
    public IEnumerable<string> Problems()
    {
        foreach (var (name, target) in new[] { (nameof(Cef), Cef), (nameof(Json), Json) })
        {
            if (target is { Length: > 0 } and not Syslog && !Path.IsPathRooted(target))
            {
                yield return $"Audit:{name} is '{target}'. Use syslog, or a whole path like /var/log/lockstep/audit.log.";
            }
        }

        if (Cef is { Length: > 0 } and not Syslog && Cef == Json)
        {
            yield return $"Audit:Cef and Audit:Json are both '{Cef}'. Use a file for each.";
        }

        if ((Cef is Syslog || Json is Syslog) && (!Path.IsPathRooted(SyslogSocket) || Encoding.UTF8.GetByteCount(SyslogSocket) >= MaxSocketPathBytes))
        {
            yield return $"Audit:SyslogSocket is '{SyslogSocket}'. Use a whole path of at most {MaxSocketPathBytes - 1} bytes, like /dev/log.";
        }
    }
}
