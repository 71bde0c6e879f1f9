using System.Net.Sockets;
using System.Text;
using System.Threading.Channels;

namespace Lockstep.Gateway.Audit;

/// <summary>
/// Where lines of one form go. Requests do not wait for it: what is not written yet waits in a queue that is bounded, and what finds no place there is dropped and counted in the log.
/// </summary>
internal sealed partial class AuditSink(string target, string syslogSocket, DailyFiles? files, ILogger logger)
{
    private const int MaxWaiting = 10_000;
    private static readonly TimeSpan SendTime = TimeSpan.FromSeconds(5);

    private readonly Channel<string> waiting = Channel.CreateBounded<string>(MaxWaiting);
    private long dropped;
    private bool isFailing;
    private bool isKeepingTooLong;

    public bool IsSyslog => target is AuditOptions.Syslog;

    public void Add(string line)
    {
        if (!waiting.Writer.TryWrite(line))
        {
            Interlocked.Increment(ref dropped);
        }
    }

    /// <summary>Removes files whose time is over, although no line comes.</summary>
    public void Tidy() => waiting.Writer.TryWrite("");

    /// <summary>No more lines come.</summary>
    public void Complete() => waiting.Writer.TryComplete();

    /// <summary>Writes what comes, until there is nothing more to come.</summary>
    public async Task RunAsync()
    {
        await foreach (var line in waiting.Reader.ReadAllAsync(CancellationToken.None))
        {
            TurnFiles();
            if (line.Length == 0)
            {
                continue;
            }

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
                    Failed(logger, target, e);
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

    private void TurnFiles()
    {
        try
        {
            files?.Turn();
            isKeepingTooLong = false;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Lines are written all the same.
            if (!isKeepingTooLong)
            {
                KeptTooLong(logger, target, e);
            }

            isKeepingTooLong = true;
        }
    }

    private void TellDropped()
    {
        if (Interlocked.Exchange(ref dropped, 0) is > 0 and var lost)
        {
            Dropped(logger, lost);
        }
    }

    /// <summary>Opens the file anew each time, so that one that was rotated away is not written to any more.</summary>
    private async Task SendAsync(byte[] line)
    {
        if (IsSyslog)
        {
            using var socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
            using var late = new CancellationTokenSource(SendTime);

            // Connected: only then it hears that a queue that was full has room.
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(syslogSocket), late.Token);
            await socket.SendAsync(line, SocketFlags.None, late.Token);
            return;
        }

        var opening = new FileStreamOptions { Mode = FileMode.Append, Access = FileAccess.Write, Share = FileShare.ReadWrite | FileShare.Delete, BufferSize = 0 };
        if (!OperatingSystem.IsWindows())
        {
            opening.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead;
        }

        await using var file = new FileStream(target, opening);
        await file.WriteAsync(line);
    }

    [LoggerMessage(82, LogLevel.Warning, "An event could not be written to {Target}. This is said once; how many were dropped is said when it can be written to again, or at the end.")]
    private static partial void Failed(ILogger logger, string target, Exception exception);

    [LoggerMessage(95, LogLevel.Warning, "Files of the audit log at {Target} could not be put aside or removed, and are kept for longer than Audit:Retention. It is tried again each hour, and said once.")]
    private static partial void KeptTooLong(ILogger logger, string target, Exception exception);

    [LoggerMessage(83, LogLevel.Warning, "{Count} events of the audit log were dropped")]
    private static partial void Dropped(ILogger logger, long count);
}
