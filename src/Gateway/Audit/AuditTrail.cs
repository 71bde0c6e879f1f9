using System.Globalization;
using System.Net.Sockets;
using System.Text;
using System.Threading.Channels;

namespace Lockstep.Gateway.Audit;

/// <summary>
/// Notes events, where that is turned on. Requests do not wait for it: what is not written yet waits in a queue that is bounded, and what finds no place there is dropped and counted in the log.
/// </summary>
public sealed partial class AuditTrail : BackgroundService
{
    private const int MaxWaiting = 10_000;

    private static readonly string[] Facilities =
        ["kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp", "", "", "", "", "local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7"];

    private static readonly string[] Priorities = ["emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"];

    private readonly AuditOptions options;
    private readonly RecentEvents recent;
    private readonly TimeProvider time;
    private readonly ILogger<AuditTrail> logger;
    private readonly Channel<string> waiting = Channel.CreateBounded<string>(MaxWaiting);
    private long dropped;
    private bool isFailing;

    public AuditTrail(AuditOptions options, RecentEvents recent, TimeProvider time, ILogger<AuditTrail> logger) => (this.options, this.recent, this.time, this.logger) = (options, recent, time, logger);

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
        var line = CefLine.Of(what, source, options);
        var priority = (Array.IndexOf(Facilities, options.Facility) * 8) + Array.IndexOf(Priorities, options.Priority);
        if (!waiting.Writer.TryWrite(options.IsSyslog ? string.Create(CultureInfo.InvariantCulture, $"<{priority}>{date} lockstep[{Environment.ProcessId}]: {line}") : $"{date} {Environment.MachineName} {line}\n"))
        {
            Interlocked.Increment(ref dropped);
        }
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        // What has come is written.
        waiting.Writer.TryComplete();
        await (ExecuteTask?.WaitAsync(cancellationToken) ?? Task.CompletedTask).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await base.StopAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (!options.IsOn)
        {
            return;
        }

        await foreach (var line in waiting.Reader.ReadAllAsync(CancellationToken.None))
        {
            try
            {
                await SendAsync(Encoding.UTF8.GetBytes(line));
            }
            catch (Exception e)
            {
                // Whatever it is, the server goes on. While it stays so, one line is enough.
                Interlocked.Increment(ref dropped);
                if (!isFailing)
                {
                    Failed(options.Cef!, e);
                }

                isFailing = true;
                continue;
            }

            isFailing = false;
            if (!waiting.Reader.TryPeek(out _))
            {
                TellDropped();
            }
        }

        TellDropped();
    }

    private void TellDropped()
    {
        if (Interlocked.Exchange(ref dropped, 0) is > 0 and var lost)
        {
            Dropped(lost);
        }
    }

    /// <summary>Opens the file anew each time, so that one that was rotated away is not written to any more.</summary>
    private async Task SendAsync(byte[] line)
    {
        if (options.IsSyslog)
        {
            using var socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
            await socket.SendToAsync(line, new UnixDomainSocketEndPoint(options.SyslogSocket));
            return;
        }

        var opening = new FileStreamOptions { Mode = FileMode.Append, Access = FileAccess.Write, Share = FileShare.ReadWrite | FileShare.Delete, BufferSize = 0 };
        if (!OperatingSystem.IsWindows())
        {
            opening.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead;
        }

        await using var file = new FileStream(options.Cef!, opening);
        await file.WriteAsync(line);
    }

    [LoggerMessage(82, LogLevel.Warning, "An event could not be written to {Target}. This is said once; how many were dropped is said when it can be written to again, or at the end.")]
    private partial void Failed(string target, Exception exception);

    [LoggerMessage(83, LogLevel.Warning, "{Count} events of the audit log were dropped")]
    private partial void Dropped(long count);
}
