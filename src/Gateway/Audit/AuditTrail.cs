using System.Globalization;

namespace Lockstep.Gateway.Audit;

/// <summary>Notes events, in CEF and in JSON, each where that is turned on.</summary>
public sealed class AuditTrail : BackgroundService
{
    private static readonly string[] Facilities =
        ["kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp", "", "", "", "", "local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7"];

    private static readonly string[] Priorities = ["emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"];

    private static readonly TimeSpan TidyInterval = TimeSpan.FromMinutes(30);

    private readonly AuditOptions options;
    private readonly RecentEvents recent;
    private readonly TimeProvider time;
    private readonly AuditSink? cef;
    private readonly AuditSink? json;
    private readonly CancellationTokenSource tidying = new();

    public AuditTrail(AuditOptions options, RecentEvents recent, TimeProvider time, ILogger<AuditTrail> logger)
    {
        (this.options, this.recent, this.time) = (options, recent, time);
        cef = Sink(options.Cef);
        json = Sink(options.Json);

        AuditSink? Sink(string? target) => target is not { Length: > 0 } ? null : new(
            target, options.SyslogSocket, options.Retention > TimeSpan.Zero && target is not AuditOptions.Syslog ? new DailyFiles(target, options.Retention, time) : null, logger);
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
        await tidying.CancelAsync();
        cef?.Complete();
        json?.Complete();
        await (ExecuteTask?.WaitAsync(cancellationToken) ?? Task.CompletedTask).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await base.StopAsync(cancellationToken);
    }

    public override void Dispose()
    {
        tidying.Dispose();
        base.Dispose();
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.WhenAll(cef?.RunAsync() ?? Task.CompletedTask, json?.RunAsync() ?? Task.CompletedTask, TidyAsync());

    /// <summary>Now, and at least once in each hour: time passes without events too.</summary>
    private async Task TidyAsync()
    {
        if (options.Retention == TimeSpan.Zero)
        {
            return;
        }

        using var timer = new PeriodicTimer(TidyInterval, time);
        try
        {
            do
            {
                cef?.Tidy();
                json?.Tidy();
            }
            while (await timer.WaitForNextTickAsync(tidying.Token));
        }
        catch (OperationCanceledException)
        {
            // The server stops.
        }
    }

    private string ForSyslog(string date, string line)
    {
        var priority = (Array.IndexOf(Facilities, options.Facility) * 8) + Array.IndexOf(Priorities, options.Priority);
        return string.Create(CultureInfo.InvariantCulture, $"<{priority}>{date} lockstep[{Environment.ProcessId}]: {line}");
    }
}
