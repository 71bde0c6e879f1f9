using System.Net;
using System.Net.Sockets;
using Lockstep.Gateway.Http;
using Lockstep.Silo.Hosting;
using Lockstep.Storage.Contract;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;

namespace Lockstep.Cluster.Tests;

/// <summary>A server that is alone stops at once when nobody is connected, and after its drain time when somebody stays. No request is cut off.</summary>
public sealed class OrderlyStopTests : IDisposable
{
    private static readonly TimeSpan Long = TimeSpan.FromMinutes(1);

    private readonly FakeTime time = new();
    private readonly LockstepOptions options = new() { Http = new HttpOptions { DrainTime = TimeSpan.FromSeconds(10) } };
    private readonly OpenConnections connections = new();
    private readonly Listeners listeners = new();
    private readonly Drain drain;
    private readonly OrderlyStop stop;

    public OrderlyStopTests()
    {
        drain = new Drain(options.Http, time);
        stop = new OrderlyStop(drain, listeners, connections, options, time);
    }

    public void Dispose() => drain.Dispose();

    [Fact]
    public async Task Stop_WithoutConnections_EndsAtOnce()
    {
        await OpenAsync(Task.CompletedTask);

        await Task.Run(stop.Run).WaitAsync(Long);
    }

    [Fact]
    public async Task Stop_WithAConnection_EndsWhenThatDoes()
    {
        var (first, second) = (new TaskCompletionSource(), new TaskCompletionSource());
        var open = (OpenAsync(first.Task), OpenAsync(second.Task));
        var run = Task.Run(stop.Run);
        await time.Timers.ReachesAsync(1);

        first.SetResult();
        await open.Item1;
        Assert.False(drain.Over.IsCancellationRequested);
        second.SetResult();

        await open.Item2;
        await run.WaitAsync(Long);
    }

    [Fact]
    public async Task Stop_WithAConnectionThatStays_EndsAfterTheDrainTimeAndALittle()
    {
        var stays = OpenAsync(new TaskCompletionSource().Task);
        var run = Task.Run(stop.Run);
        await time.Timers.ReachesAsync(1);
        Assert.False(drain.Over.IsCancellationRequested);

        time.Advance(TimeSpan.FromSeconds(10));
        await time.Timers.ReachesAsync(2);
        Assert.False(run.IsCompleted);
        time.Advance(OrderlyStop.LateTime);

        await run.WaitAsync(Long);
        Assert.False(stays.IsCompleted);
    }

    [Fact]
    public async Task Connection_ThatIsMadeAtTheEndOfTheDrainTime_IsAnswered_AndTheNextOneIsRefused()
    {
        await using var app = await ServeAsync();
        var port = new Uri(app.Urls.Single()).Port;
        using var early = new TcpClient();
        await early.ConnectAsync(IPAddress.Loopback, port);
        await AskAsync(early);
        var run = Task.Run(stop.Run);
        await time.Timers.ReachesAsync(1);

        time.Advance(TimeSpan.FromSeconds(10));
        await time.Timers.ReachesAsync(2);
        time.Advance(TimeSpan.FromMilliseconds(50));
        await time.Timers.ReachesAsync(3);
        using var late = new TcpClient();
        await Assert.ThrowsAsync<SocketException>(() => late.ConnectAsync(IPAddress.Loopback, port));
        Assert.False(run.IsCompleted);

        Assert.StartsWith("HTTP/1.1 200", await AskAsync(early), StringComparison.Ordinal);
        early.Close();
        await run.WaitAsync(Long);
    }

    [Fact]
    public async Task Connections_ThatNobodyHasAcceptedYet_AreNotReset_AndTheNextOnesHearNothing()
    {
        using var listener = new Listeners().Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        var address = (IPEndPoint)listener.LocalEndPoint!;
        using var waiting = new TcpClient();
        await waiting.ConnectAsync(address);

        Assert.True(ConnectionRequests.TryIgnore(listener));
        using var next = new TcpClient();
        var connecting = next.ConnectAsync(address);
        using var accepted = await listener.AcceptAsync();
        await waiting.GetStream().WriteAsync("a"u8.ToArray());
        Assert.Equal(1, await accepted.ReceiveAsync(new byte[1]));

        Assert.False(listener.Poll(TimeSpan.Zero, SelectMode.SelectRead));
        listener.Close();
        await Assert.ThrowsAsync<SocketException>(() => connecting);
    }

    private static async Task<string> AskAsync(TcpClient client)
    {
        var stream = client.GetStream();
        await stream.WriteAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n"u8.ToArray());
        var answer = new byte[4096];
        return System.Text.Encoding.ASCII.GetString(answer, 0, await stream.ReadAsync(answer));
    }

    private async Task<WebApplication> ServeAsync()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0").UseSockets(transport => transport.CreateBoundListenSocket = listeners.Bind);
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.ConfigureEndpointDefaults(endpoint => endpoint.Use(connections.Count)));
        var app = builder.Build();
        app.Run(static context => context.Response.WriteAsync("here"));
        await app.StartAsync();
        return app;
    }

    private Task OpenAsync(Task ended) => connections.Count(_ => ended)(new DefaultConnectionContext());
}
