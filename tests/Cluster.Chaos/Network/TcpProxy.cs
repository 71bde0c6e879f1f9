using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Lockstep.Cluster.Chaos.Network;

/// <summary>Stands between a member and a server, and can be told to let nothing through.</summary>
internal sealed class TcpProxy : IAsyncDisposable
{
    private readonly TcpListener listener;
    private readonly IPEndPoint target;
    private readonly ConcurrentDictionary<(Socket Near, Socket Far), bool> connections = new();
    private readonly CancellationTokenSource ended = new();
    private readonly Task accepting;
    private volatile TaskCompletionSource open = Opened();
    private volatile bool refuses;

    public TcpProxy(string address, IPEndPoint target)
    {
        this.target = target;
        listener = new TcpListener(IPAddress.Parse(address), 0);
        listener.Start();
        accepting = AcceptAsync();
    }

    public IPEndPoint EndPoint => (IPEndPoint)listener.LocalEndpoint;

    /// <summary>Nothing comes through any more, and nobody is told: all connections stay, new ones are taken.</summary>
    public void Stall() => open = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>All connections are reset, and new ones as well.</summary>
    public void Break()
    {
        refuses = true;
        foreach (var (near, far) in connections.Keys)
        {
            Reset(near);
            Reset(far);
        }
    }

    /// <summary>What waited comes through, and new connections too.</summary>
    public void Heal()
    {
        refuses = false;
        open.TrySetResult();
    }

    public async ValueTask DisposeAsync()
    {
        await ended.CancelAsync();
        listener.Dispose();
        Break();
        Heal();
        await accepting;
        ended.Dispose();
    }

    private static TaskCompletionSource Opened()
    {
        var opened = new TaskCompletionSource();
        opened.SetResult();
        return opened;
    }

    private static void Reset(Socket socket)
    {
        try
        {
            socket.LingerState = new LingerOption(enable: true, seconds: 0);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // It is closed already.
        }

        socket.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (!ended.IsCancellationRequested)
        {
            try
            {
                _ = ServeAsync(await listener.AcceptSocketAsync(ended.Token));
            }
            catch (Exception e) when (e is SocketException or OperationCanceledException or ObjectDisposedException)
            {
                // The end, or a caller that went before it was taken.
            }
        }
    }

    private async Task ServeAsync(Socket near)
    {
        var far = new Socket(SocketType.Stream, ProtocolType.Tcp);
        connections.TryAdd((near, far), true);
        try
        {
            near.NoDelay = far.NoDelay = true;
            if (!refuses)
            {
                await open.Task.WaitAsync(ended.Token);
                await far.ConnectAsync(target, ended.Token);
                await Task.WhenAny(PumpAsync(near, far), PumpAsync(far, near));
            }
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // The other side hears of it below.
        }
        finally
        {
            connections.TryRemove((near, far), out _);
            Reset(near);
            Reset(far);
        }
    }

    private async Task PumpAsync(Socket from, Socket to)
    {
        var buffer = new byte[1 << 16];
        try
        {
            while (await from.ReceiveAsync(buffer, ended.Token) is > 0 and var count)
            {
                await open.Task.WaitAsync(ended.Token);
                for (var sent = 0; sent < count;)
                {
                    sent += await to.SendAsync(buffer.AsMemory(sent, count - sent), ended.Token);
                }
            }
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // One side is gone; the other follows.
        }
    }
}
