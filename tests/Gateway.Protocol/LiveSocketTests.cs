using System.Net;
using System.Net.WebSockets;
using Lockstep.Gateway.Kinto;

namespace Lockstep.Gateway.Protocol;

/// <summary>Streams of changes over WebSockets: the same as the others, but for what is of WebSockets alone.</summary>
public sealed class LiveSocketTests : IClassFixture<LiveSocketTests.Server>, IAsyncLifetime
{
    private const string Password = "s3cr3t";
    private const int Most = 3;
    private const string Elsewhere = "https://elsewhere.example";

    private readonly Server server;
    private readonly string name = $"alice-{Guid.NewGuid():N}";
    private readonly List<IDisposable> opened = [];
    private KintoClient alice = null!;

    public LiveSocketTests(Server server) => this.server = server;

    private (string, string) Signed => ("Authorization", KintoClient.Basic(name, Password));

    public async Task InitializeAsync()
    {
        await server.AddAccountAsync(name, Password);
        alice = server.As(name, Password);
    }

    public Task DisposeAsync()
    {
        opened.ForEach(static one => one.Dispose());
        alice.Dispose();
        return Task.CompletedTask;
    }

    [Fact]
    public async Task Socket_TellsWhatAStreamTells_AndGoesOnWithItsLastId()
    {
        var socket = await OpenAsync(KintoClient.Records);
        var put = await alice.PutAsync(KintoClient.Records + "/a", "{\"data\":{\"n\":1,\"deep\":{ \"x\":\n\"y \\\"z\\n\" }}}");
        var first = await socket.NextAsync();
        await socket.CloseAsync();
        var gone = await alice.DeleteAsync(KintoClient.Records + "/a");

        using var http = EventReader.Client(server.Address, KintoClient.Basic(name, Password));
        using var stream = await EventReader.OpenAsync(http, KintoClient.Records + $"?last-event-id={socket.LastId}");
        var next = await stream.NextAsync();
        socket = await OpenAsync(KintoClient.Records + $"?last-event-id={socket.LastId}");
        var second = await socket.NextAsync();

        Assert.Equal(("", "a", put.Stamp, $"{put.Stamp}", true), (first.Name, first.Record, first.Stamp, first.Id, first.HasId));
        Assert.Equal("y \"z\n", first.Json.GetProperty("data").GetProperty("deep").GetProperty("x").GetString());
        Assert.Equal((true, gone.Stamp, next.Data), (second.IsDeletion, second.Stamp, second.Data));
        Assert.InRange(socket.Retry, 1, 4_500);
    }

    [Fact]
    public async Task Socket_OfWhatCannotBeReadAnyMore_IsToldTheEnd_AndClosed()
    {
        var bucket = await NewBucketAsync("""{"permissions":{"read":["system.Authenticated"]}}""");
        var other = $"bob-{Guid.NewGuid():N}";
        await server.AddAccountAsync(other, Password);
        var (socket, _) = await SocketReader.TryOpenAsync(server.Address, bucket + "/collections/c/records", ("Authorization", KintoClient.Basic(other, Password)));
        opened.Add(socket!);

        await alice.SendAsync("PATCH", bucket, """{"permissions":{"read":[]}}""");

        var end = await socket!.NextAsync();
        Assert.Equal(("end", 403), (end.Name, end.Json.GetProperty("code").GetInt32()));
        Assert.Null(await socket.ReadAsync());
        Assert.Equal(WebSocketCloseStatus.NormalClosure, socket.CloseStatus);
    }

    [Fact]
    public async Task Ticket_OpensASocketOfAPageOfAnotherOrigin_Once_AndAPasswordDoesNot()
    {
        var ticket = (await alice.PostAsync("/__ticket__", "")).Json.GetProperty("ticket").GetString();
        var path = $"{KintoClient.Records}?ticket={ticket}";

        Assert.Equal(HttpStatusCode.Forbidden, await StatusAsync(KintoClient.Records, Signed, ("Origin", Elsewhere)));
        Assert.Equal(HttpStatusCode.Forbidden, await StatusAsync(path, Signed, ("Origin", Elsewhere)));
        Assert.Equal(HttpStatusCode.SwitchingProtocols, await StatusAsync(path, ("Origin", Elsewhere)));
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(path, ("Origin", Elsewhere)));
        Assert.Equal(HttpStatusCode.SwitchingProtocols, await StatusAsync(KintoClient.Records, Signed, ("Origin", server.Address.GetLeftPart(UriPartial.Authority))));
    }

    [Fact]
    public async Task Refusals_AreThoseOfAPoll()
    {
        var bucket = await NewBucketAsync("{}");

        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(KintoClient.Records));
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(bucket));
        Assert.Equal(HttpStatusCode.NotFound, await StatusAsync(bucket + "/collections/none/records", Signed));
        Assert.Equal(HttpStatusCode.BadRequest, await StatusAsync(KintoClient.Records + "?last-event-id=x", Signed));
        Assert.Equal(HttpStatusCode.BadRequest, await StatusAsync(KintoClient.Records + "?last-event-id=1&last-event-id=2", Signed));
        (await alice.GetAsync(KintoClient.Records, ("Connection", "Upgrade"), ("Upgrade", "websocket"))).AssertError(400, KintoErrno.InvalidParameters);
    }

    [Fact]
    public async Task Resource_WithoutAStream_IsAnsweredAsEver_ToWhoAsksForASocket()
    {
        await alice.PutAsync(KintoClient.Records + "/a", """{"data":{}}""");

        Assert.Equal(HttpStatusCode.OK, await StatusAsync(KintoClient.Records + "/a", Signed));
    }

    [Fact]
    public async Task Client_ThatSaysSomething_IsClosed()
    {
        var socket = await OpenAsync(KintoClient.Records);

        await socket.SayAsync("Hello");

        Assert.Null(await socket.ReadAsync());
        Assert.Equal(WebSocketCloseStatus.InvalidMessageType, socket.CloseStatus);
    }

    [Fact]
    public async Task Sockets_AndStreamsOfOneUser_CountTogether_AndAPlaceIsFreeAgainAfterwards()
    {
        using var http = EventReader.Client(server.Address, KintoClient.Basic(name, Password));
        using var stream = await EventReader.OpenAsync(http, KintoClient.Records);
        for (var i = 1; i < Most; i++)
        {
            await OpenAsync(KintoClient.Records);
        }

        Assert.Equal(HttpStatusCode.ServiceUnavailable, await StatusAsync(KintoClient.Records, Signed));
        await ((SocketReader)opened[0]).CloseAsync();
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (await StatusAsync(KintoClient.Records, Signed) != HttpStatusCode.SwitchingProtocols)
        {
            deadline.Token.ThrowIfCancellationRequested();
        }
    }

    [Fact]
    public async Task Close_WhileEventsAreSent_IsAnswered()
    {
        // Large, so that one is often on its way.
        var text = new string('x', 100_000);
        for (var i = 0; i < 4; i++)
        {
            Assert.Equal(201, (await alice.PutAsync($"{KintoClient.Records}/r{i}", $$$"""{"data":{"text":"{{{text}}}"}}""")).Status);
        }

        for (var i = 0; i < 100; i++)
        {
            Assert.Equal(HttpStatusCode.SwitchingProtocols, await StatusAsync(KintoClient.Records + "?last-event-id=1", Signed));
        }
    }

    [Fact]
    public async Task Stop_ClosesSockets()
    {
        var other = await KintoServer.StartAsync();
        await other.AddAccountAsync("alice", Password);
        var (socket, _) = await SocketReader.TryOpenAsync(other.Address, KintoClient.Records, ("Authorization", KintoClient.Basic("alice", Password)));
        opened.Add(socket!);

        var stopping = other.DisposeAsync();

        Assert.Null(await socket!.ReadAsync());
        Assert.Equal(WebSocketCloseStatus.EndpointUnavailable, socket.CloseStatus);
        await stopping.WaitAsync(TimeSpan.FromSeconds(60));
    }

    private async Task<string> NewBucketAsync(string body)
    {
        var bucket = $"/buckets/sockets-{Guid.NewGuid():N}";
        Assert.Equal(201, (await alice.PutAsync(bucket, body)).Status);
        Assert.Equal(201, (await alice.PutAsync(bucket + "/collections/c", "{}")).Status);
        return bucket;
    }

    private async Task<SocketReader> OpenAsync(string path)
    {
        var (reader, status) = await SocketReader.TryOpenAsync(server.Address, path, Signed);
        Assert.Equal(HttpStatusCode.SwitchingProtocols, status);
        opened.Add(reader!);
        return reader!;
    }

    private async Task<HttpStatusCode> StatusAsync(string path, params (string Name, string Value)[] headers)
    {
        var (reader, status) = await SocketReader.TryOpenAsync(server.Address, path, headers);
        if (reader is not null)
        {
            using (reader)
            {
                await reader.CloseAsync();
            }
        }

        return status;
    }

    /// <summary>One for all of these tests.</summary>
    public sealed class Server : KintoServer
    {
        public Server()
            : base(options => options with { Http = options.Http with { MaxStreamsPerUser = Most } })
        {
        }
    }
}
