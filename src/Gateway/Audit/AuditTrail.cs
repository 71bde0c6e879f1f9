using System.Globalization;

namespace Lockstep.Gateway.Audit;

/// <summary>Notes events, in CEF and in JSON, each where that is turned on.</summary>
public sealed class AuditTrail : BackgroundService
{
    private static readonly string[] Facilities =
        ["kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp", "", "", "", "", "local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7"];

    private static readonly string[] Priorities = ["emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"];

    private readonly AuditOptions options;
    private readonly RecentEvents recent;
    private readonly TimeProvider time;
    private readonly AuditSink? cef;
    private readonly AuditSink? json;

    public AuditTrail(AuditOptions options, RecentEvents recent, TimeProvider time, ILogger<AuditTrail> logger)
    {
        (this.options, this.recent, this.time) = (options, recent, time);
        cef = options.Cef is { Length: > 0 } forCef ? new(forCef, options.SyslogSocket, logger) : null;
        json = options.Json is { Length: > 0 } forJson ? new(forJson, options.SyslogSocket, logger) : null;
    }

    /// <summary>Whether anything is noted; else nobody needs to find out what there is to note.</summary>
    public bool IsOn => options.IsOn || recent.Most > 0;

    /// <summary>Notes an event. Nothing where that is off.</summary>
    public void Write(AuditEvent what, AuditSource source)
    {
        if (recent.Most > 0)
        {
            recent.Add(new(time.GetUtcNow(), what, source));
        }

        if (!options.IsOn)
        {
            return;
        }

        // RFC 3164: no year, and the day of two places; the time of this machine.
        var now = time.GetLocalNow();
        var date = $"{now.ToString("MMM", CultureInfo.InvariantCulture)} {now.Day,2} {now.ToString("HH:mm:ss", CultureInfo.InvariantCulture)}";
        if (cef is not null)
        {
            var line = CefLine.Of(what, source, options);
            cef.Add(cef.IsSyslog ? ForSyslog(date, line) : $"{date} {Environment.MachineName} {line}\n");
        }

        if (json is not null)
        {
            var line = JsonLine.Of(what, source, now);
            json.Add(json.IsSyslog ? ForSyslog(date, line) : line + "\n");
        }
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        // What has come is written.
        cef?.Complete();
        json?.Complete();
        await (ExecuteTask?.WaitAsync(cancellationToken) ?? Task.CompletedTask).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await base.StopAsync(cancellationToken);
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.WhenAll(cef?.RunAsync() ?? Task.CompletedTask, json?.RunAsync() ?? Task.CompletedTask);

    private string ForSyslog(string date, string line)
    {
        var priority = (Array.IndexOf(Facilities, options.Facility) * 8) + Array.IndexOf(Priorities, options.Priority);
        return string.Create(CultureInfo.InvariantCulture, $"<{priority}>{date} lockstep[{Environment.ProcessId}]: {line}");
    }
}
