using Lockstep.Gateway.Kinto;
using Lockstep.Silo.Hosting;
using Lockstep.Storage.Contract;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Console;
using Microsoft.Extensions.Options;

namespace Lockstep.Gateway.Protocol;

/// <summary>What operators set: read-only, end of life, backoff, flush, CORS, proxies.</summary>
public sealed class ServiceTests(KintoServer server) : IClassFixture<KintoServer>
{
    /// <summary>Whatever the role; what it means is tried in LogTests.</summary>
    [Fact]
    public void Log_OfEveryServer_DropsWhatDoesNotFit() => Assert.Equal(
        ConsoleLoggerQueueFullMode.DropWrite, server.Services.GetRequiredService<IOptionsMonitor<ConsoleLoggerOptions>>().CurrentValue.QueueFullMode);

    [Fact]
    public async Task Cors_EveryAnswer_MayBeReadByAnyPage()
    {
        using var client = await server.NewUserAsync();
        foreach (var (method, path) in new[] { ("GET", "/"), ("GET", KintoClient.Records), ("GET", "/nothing"), ("GET", KintoClient.Records + "/none"), ("POST", "/buckets/default") })
        {
            var answer = await client.SendAsync(method, path, null, ("Origin", "https://app.example.org"));
            Assert.Equal("*", answer.Headers["Access-Control-Allow-Origin"]);
            foreach (var exposed in new[] { "Backoff", "Retry-After", "Alert", "ETag", "Next-Page", "Total-Objects" })
            {
                Assert.Contains(exposed, answer.Headers["Access-Control-Expose-Headers"], StringComparison.Ordinal);
            }
        }

        using var anonymous = server.Anonymous();
        Assert.Equal("*", (await anonymous.GetAsync("/buckets", ("Origin", "https://app.example.org"))).Headers["Access-Control-Allow-Origin"]);
        Assert.Equal("*", (await anonymous.SendRawAsync("GET", "/", null, ("Origin", "https://app.example.org"))).Headers["Access-Control-Allow-Origin"]);
        Assert.False((await client.GetAsync("/")).Headers.ContainsKey("Access-Control-Allow-Origin"));
    }

    /// <summary>What the HTTP server refuses by itself, before anybody can look at it; first and second on a connection, which it closes.</summary>
    [Theory]
    [InlineData("GET /v1/buckets/a%00b HTTP/1.1", 400)]
    [InlineData("GET /%00 HTTP/1.1", 400)]
    [InlineData("GET nonsense HTTP/1.1", 405)]
    [InlineData("nonsense", 400)]
    [InlineData("GET /v1/ HTTP/1.1\r\nX y: z", 400)]
    [InlineData("GET /v1/ HTTP/2.1", 505)]
    [InlineData("GET /LONG HTTP/1.1", 414)]
    [InlineData("GET /v1/ HTTP/1.1\r\nX: LONG", 431)]
    public async Task Request_ThatTheServerCannotRead_IsAnsweredInTheProtocolsShape_AndNothingFollows(string head, int status)
    {
        using var log = LogWatch.On(server.Services);
        head = head.Replace("LONG", new string('x', 200_000), StringComparison.Ordinal);
        foreach (var before in new[] { "", $"GET /v1/ HTTP/1.1\r\nHost: {server.Address.Authority}\r\n\r\n" })
        {
            var answer = await RawHttp.SendAsync(server.Address, $"{before}{head}\r\nHost: {server.Address.Authority}\r\nOrigin: https://app.example.org\r\n\r\n", before.Length > 0 ? 2 : 1);

            answer.AssertError(status, KintoErrno.InvalidParameters);
            Assert.Equal("*", answer.Headers["Access-Control-Allow-Origin"]);
            Assert.Contains("Retry-After", answer.Headers["Access-Control-Expose-Headers"], StringComparison.Ordinal);
            Assert.Equal("nosniff", answer.Headers["X-Content-Type-Options"]);
            Assert.Contains("no-store", answer.Headers["Cache-Control"], StringComparison.Ordinal);
            Assert.Equal("close", answer.Headers["Connection"]);
            Assert.True(answer.Headers.ContainsKey("Date"));
        }

        Assert.Empty(log.Above(Microsoft.Extensions.Logging.LogLevel.Debug));
    }

    [Fact]
    public async Task Preflight_TellsMethodsAndHeaders_WithoutSignIn()
    {
        using var client = server.Anonymous();
        var answer = await client.SendAsync(
            "OPTIONS", KintoClient.Records + "/a", null, ("Origin", "https://app.example.org"),
            ("Access-Control-Request-Method", "PUT"), ("Access-Control-Request-Headers", "authorization,if-match"));

        Assert.Equal(200, answer.Status);
        Assert.Contains("PUT", answer.Headers["Access-Control-Allow-Methods"], StringComparison.Ordinal);
        Assert.Equal("authorization,if-match", answer.Headers["Access-Control-Allow-Headers"]);
        Assert.Equal("3600", answer.Headers["Access-Control-Max-Age"]);
        (await client.SendAsync("OPTIONS", "/")).AssertError(400, KintoErrno.InvalidParameters);
        using var raw = new System.Net.Sockets.TcpClient();
        await raw.ConnectAsync(server.Address.Host, server.Address.Port);
        using var reader = new StreamReader(raw.GetStream());
        foreach (var (request, status) in new[]
        {
            ("OPTIONS /v1/ HTTP/1.1\r\nOrigin: http://a\r\nAccess-Control-Request-Method: GET\r\nAccess-Control-Request-Headers: \u00e9", "200"),
            ("GET /x?a=\u0001 HTTP/1.1", "307"),
        })
        {
            await raw.Client.SendAsync(System.Text.Encoding.UTF8.GetBytes($"{request}\r\nHost: {server.Address.Authority}\r\n\r\n"));
            Assert.Equal(status, (await reader.ReadLineAsync())!.Split(' ')[1]);
            var length = 0;
            while (await reader.ReadLineAsync() is { Length: > 0 } header)
            {
                length = header.StartsWith("Content-Length:", StringComparison.Ordinal) ? int.Parse(header.Split(' ')[1]) : length;
            }

            for (var i = 0; i < length; i++)
            {
                Assert.NotEqual(-1, reader.Read());
            }
        }
    }

    [Fact]
    [Trait("Part", "Gateway")]
    public async Task ReadOnly_RefusesWrites_AndSaysSo()
    {
        await using var readOnly = await Running.StartAsync(options => options with { Kinto = options.Kinto with { ReadOnly = true } });
        await readOnly.Server.AddAccountAsync("reader", "s3cr3t");
        using var client = readOnly.Server.As("reader", "s3cr3t");

        Assert.True((await client.GetAsync("/")).Json.GetProperty("settings").GetProperty("readonly").GetBoolean());
        Assert.Equal(200, (await client.GetAsync(KintoClient.Records)).Status);
        (await client.PutAsync(KintoClient.Records + "/a", """{"data":{}}""")).AssertError(405, KintoErrno.MethodNotAllowed);
        (await client.DeleteAsync("/accounts/reader")).AssertError(405, KintoErrno.MethodNotAllowed);
        var batch = await client.PostAsync("/batch", $$"""{"requests":[{"path":"{{KintoClient.Records}}"},{"method":"DELETE","path":"{{KintoClient.Records}}"}]}""");
        Assert.Equal([200, 405], batch.Json.GetProperty("responses").EnumerateArray().Select(part => part.GetProperty("status").GetInt32()));
    }

    [Fact]
    [Trait("Part", "Gateway")]
    public async Task Eos_BeforeAndAfter_AlertsThenIsGone()
    {
        var time = new FakeTime { TimersAreReal = true };
        await using var ending = await Running.StartAsync(
            options => options with { Kinto = options.Kinto with { Eos = time.GetUtcNow().AddDays(1), EosUrl = "https://example.org/why" } }, time);
        using var client = await ending.Server.NewUserAsync();

        var before = await client.GetAsync("/");
        Assert.Contains("soft-eol", before.Headers["Alert"], StringComparison.Ordinal);
        Assert.Contains("https://example.org/why", before.Headers["Alert"], StringComparison.Ordinal);
        Assert.True(before.Json.TryGetProperty("eos", out _));
        time.JumpWallClock(TimeSpan.FromDays(1));
        var after = await client.GetAsync("/");
        after.AssertError(410, KintoErrno.ServiceDeprecated);
        Assert.Contains("hard-eol", after.Headers["Alert"], StringComparison.Ordinal);
        Assert.Equal(200, (await client.GetAsync("/__heartbeat__")).Status);
    }

    [Fact]
    [Trait("Part", "Gateway")]
    public async Task Backoff_Set_IsOnEveryAnswer()
    {
        await using var busy = await Running.StartAsync(options => options with { Kinto = options.Kinto with { Backoff = 7 } });
        using var client = await busy.Server.NewUserAsync();
        var list = await client.GetAsync(KintoClient.Records);
        Assert.Equal("7", list.Headers["Backoff"]);
        Assert.Equal("7", (await client.GetAsync("/nothing")).Headers["Backoff"]);
        Assert.Equal("7", (await client.GetAsync("/buckets/")).Headers["Backoff"]);
        Assert.Equal("7", (await client.SendRawAsync("GET", "/", null)).Headers["Backoff"]);
        Assert.Equal("7", (await client.GetAsync(KintoClient.Records, ("If-None-Match", list.ETag))).Headers["Backoff"]);
    }

    [OneProcessFact("Silos take each other for dead by a clock that stands still or jumps.")]
    public async Task ClockAhead_OfTheWallClock_AsksForBackoff()
    {
        var time = new FakeTime { TimersAreReal = true };
        await using var jumping = await Running.StartAsync(time: time);
        using var client = await jumping.Server.NewUserAsync();
        Assert.False((await client.PutAsync(KintoClient.Records + "/a", """{"data":{}}""")).Headers.ContainsKey("Backoff"));
        time.JumpWallClock(TimeSpan.FromHours(-1));
        Assert.Equal("10", (await client.PutAsync(KintoClient.Records + "/a", """{"data":{}}""")).Headers["Backoff"]);
    }

    [Fact]
    public async Task Flush_Allowed_EmptiesEverything_AndReadersNotice()
    {
        await using var flushing = await Running.StartAsync(options => options with { Kinto = options.Kinto with { Flush = true } });
        using var client = await flushing.Server.NewUserAsync();
        using var other = await flushing.Server.NewUserAsync();
        var written = await client.PutAsync(KintoClient.Records + "/a", """{"data":{}}""");
        await other.PutAsync("/buckets/named", """{"data":{}}""");
        using var anonymous = flushing.Server.Anonymous();

        // Nothing is read there, so nothing that is sent matters.
        Assert.Equal(202, (await anonymous.SendAsync("POST", "/__flush__", "", ("Content-Type", "text/plain"))).Status);

        var list = await client.GetAsync($"{KintoClient.Records}?_since={written.Stamp}");
        Assert.Empty(list.Ids);
        Assert.True(list.Stamp > written.Stamp);
        Assert.Empty((await other.GetAsync("/buckets")).Ids);
        Assert.True((await client.GetAsync("/")).Json.GetProperty("capabilities").TryGetProperty("flush_endpoint", out _));
    }

    [Fact]
    [Trait("Part", "Gateway")]
    public async Task Proxy_Trusted_ItsHeadersMakeTheUrls_UntrustedTheyDoNot()
    {
        await using var behind = await Running.StartAsync(options => options with { Http = options.Http with { TrustedProxies = "127.0.0.1, ::1" } });
        using var client = behind.Server.Anonymous();
        (string, string)[] forwarded = [("X-Forwarded-Proto", "https"), ("X-Forwarded-Host", "sync.example.org"), ("X-Forwarded-For", "192.0.2.1"), ("X-Forwarded-Prefix", "/kinto")];

        Assert.Equal("https://sync.example.org/kinto/v1/", (await client.GetAsync("/", forwarded)).Json.GetProperty("url").GetString());
        forwarded[^1].Item2 = "/kinto/";
        Assert.Equal("https://sync.example.org/kinto/v1/", (await client.GetAsync("/", forwarded)).Json.GetProperty("url").GetString());
        Assert.Equal("/kinto/v1/", (await client.SendRawAsync("GET", "/", null, forwarded)).Headers["Location"]);
        using var direct = server.Anonymous();
        Assert.Equal($"{server.Address}v1/", (await direct.GetAsync("/", forwarded)).Json.GetProperty("url").GetString());
    }

    [Fact]
    public async Task Host_NotNamedByTheRequest_IsLeftOutOfUrls()
    {
        using var raw = new System.Net.Sockets.TcpClient();
        await raw.ConnectAsync(server.Address.Host, server.Address.Port);
        await raw.Client.SendAsync("GET /v1/ HTTP/1.0\r\n\r\n"u8.ToArray());
        using var reader = new StreamReader(raw.GetStream());

        Assert.Contains("\"url\":\"/v1/\"", await reader.ReadToEndAsync(), StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Part", "Gateway")]
    public async Task PublicUrl_Set_IsWhereRedirectsAndPagesLead()
    {
        await using var published = await Running.StartAsync(options => options with { Http = options.Http with { PublicUrl = "https://example.org/sync/" } });
        await published.Server.AddAccountAsync("alice", "s3cr3t");
        using var client = published.Server.As("alice", "s3cr3t");
        await client.PutAsync(KintoClient.Records + "/a", """{"data":{}}""");
        await client.PutAsync(KintoClient.Records + "/b", """{"data":{}}""");

        Assert.Equal("https://example.org/sync/v1/buckets?a=b", (await client.SendRawAsync("GET", "/buckets?a=b", null)).Headers["Location"]);
        Assert.StartsWith("https://example.org/sync/v1/buckets/", (await client.GetAsync(KintoClient.Records + "?_limit=1")).Headers["Next-Page"], StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Part", "Gateway")]
    public async Task Draining_AsksClientsToClose_AndLoadBalancersToGoElsewhere()
    {
        await using var stopping = await Running.StartAsync();
        using var client = stopping.Server.Anonymous();
        Assert.Equal(200, (await client.GetAsync("/__lbheartbeat__")).Status);
        stopping.Server.Services.GetRequiredService<Http.Drain>().Run();

        var answer = await client.GetAsync("/");
        Assert.Equal((200, "close"), (answer.Status, answer.Headers["Connection"]));
        Assert.Equal(503, (await client.GetAsync("/__lbheartbeat__")).Status);
    }

    [Fact]
    [Trait("Part", "Gateway")]
    public async Task PathBase_Set_IsStrippedAndShown()
    {
        await using var below = await Running.StartAsync(options => options with { Http = options.Http with { PathBase = "/sync" } });
        using var client = below.Server.Anonymous();
        var root = await client.SendRawAsync("GET", "/sync/v1/", null);
        Assert.Equal($"{below.Server.Address}sync/v1/", root.Json.GetProperty("url").GetString());
        Assert.Equal("/sync/v1/buckets", (await client.SendRawAsync("GET", "/sync/buckets", null)).Headers["Location"]);
    }

    private sealed class Running(KintoServer server) : IAsyncDisposable
    {
        public KintoServer Server => server;

        public static async Task<Running> StartAsync(
            Func<LockstepOptions, LockstepOptions>? configure = null, TimeProvider? time = null) =>
            new(await KintoServer.StartAsync(configure, time: time));

        public async ValueTask DisposeAsync() => await server.DisposeAsync();
    }
}
