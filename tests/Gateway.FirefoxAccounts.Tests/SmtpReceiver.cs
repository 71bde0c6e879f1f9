using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Threading.Channels;

namespace Lockstep.Gateway.FirefoxAccounts.Tests;

/// <summary>A mail server on this machine that keeps what it is sent.</summary>
public sealed class SmtpReceiver : IAsyncDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly Channel<(string To, string Text)> mails = Channel.CreateUnbounded<(string, string)>();
    private readonly ConcurrentQueue<string> texts = new();
    private readonly Task serving;
    private volatile TaskCompletionSource open = new();

    public SmtpReceiver()
    {
        open.TrySetResult();
        listener.Start();
        serving = ServeAsync();
    }

    /// <summary>While it does, no mail gets through.</summary>
    public bool Holds
    {
        get => !open.Task.IsCompleted;
        set
        {
            if (value)
            {
                open = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            }
            else
            {
                open.TrySetResult();
            }
        }
    }

    /// <summary>All mails that have come.</summary>
    public IReadOnlyCollection<string> Texts => texts;

    public int Port => ((IPEndPoint)listener.LocalEndpoint).Port;

    /// <summary>The next mail that has come or comes.</summary>
    public async Task<(string To, string Text)> NextAsync()
    {
        using var late = new CancellationTokenSource(Deadline);
        return await mails.Reader.ReadAsync(late.Token);
    }

    /// <summary>The code of eight digits in the next mail.</summary>
    public async Task<string> NextCodeAsync(string to)
    {
        var (receiver, text) = await NextAsync();
        Assert.Equal(to, receiver, ignoreCase: true);
        return System.Text.RegularExpressions.Regex.Match(text, @"\b[0-9]{8}\b").Value;
    }

    public async ValueTask DisposeAsync()
    {
        listener.Stop();
        open.TrySetResult();
        await serving;
    }

    private async Task ServeAsync()
    {
        try
        {
            while (true)
            {
                using var client = await listener.AcceptTcpClientAsync();
                using var reader = new StreamReader(client.GetStream(), Encoding.ASCII);
                await using var writer = new StreamWriter(client.GetStream(), Encoding.ASCII) { AutoFlush = true, NewLine = "\r\n" };
                await writer.WriteLineAsync("220 here");
                var (to, text) = ("", new StringBuilder());
                for (var line = await reader.ReadLineAsync(); line is not null && !line.StartsWith("QUIT", StringComparison.OrdinalIgnoreCase); line = await reader.ReadLineAsync())
                {
                    if (line.StartsWith("RCPT TO:<", StringComparison.OrdinalIgnoreCase))
                    {
                        to = line["RCPT TO:<".Length..line.IndexOf('>', StringComparison.Ordinal)];
                    }

                    if (line.StartsWith("DATA", StringComparison.OrdinalIgnoreCase))
                    {
                        await writer.WriteLineAsync("354 go on");
                        for (line = await reader.ReadLineAsync(); line is not (null or "."); line = await reader.ReadLineAsync())
                        {
                            text.AppendLine(line);
                        }

                        await open.Task;
                        texts.Enqueue(text.ToString());
                        mails.Writer.TryWrite((to, text.ToString()));
                        text.Clear();
                    }

                    await writer.WriteLineAsync("250 ok");
                }

                await writer.WriteLineAsync("221 bye");
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or IOException)
        {
            // It was stopped.
            mails.Writer.TryComplete();
        }
    }
}
