using System.IO.Compression;
using System.Net.Sockets;
using System.Text;
using Lockstep.Gateway.Kinto;
using Lockstep.Silo.Hosting;

namespace Lockstep.Gateway.Protocol;

/// <summary>What no client may do to the server: too large, too deep, too slow, too many.</summary>
public sealed class LimitTests(LimitTests.LimitedServer server) : IClassFixture<LimitTests.LimitedServer>
{
    private const string Record = KintoClient.Records + "/a";

    [Fact]
    public async Task Body_OverTheLimit_Is413AndTheConnectionWasNotRead()
    {
        using var client = await server.NewUserAsync();

        // The client holds the body back until it is asked for: the connection is closed under one that is being sent.
        (await client.PutAsync(Record, $$$"""{"data":{"a":"{{{new string('x', 100_000)}}}"}}""", ("Expect", "100-continue")))
            .AssertError(413, KintoErrno.RequestTooLarge);
        (await client.PutAsync(Record, $$$"""{"data":{"a":"{{{new string('x', 10_000)}}}"}}""")).AssertError(413, KintoErrno.RequestTooLarge);
        Assert.Equal(201, (await client.PutAsync(Record, $$$"""{"data":{"a":"{{{new string('x', 9_000)}}}"}}""")).Status);
    }

    /// <summary>A record may have 10,000 bytes here, and what writes it 64 KiB more than twice that.</summary>
    [Theory]
    [InlineData("PUT", "application/json", """{"data":{"a":1} SPACE}""")]
    [InlineData("PATCH", "application/merge-patch+json", """{"data":{"a":1} SPACE}""")]
    [InlineData("PATCH", "application/json-patch+json", """[{"op":"test","path":"/data/b","value":1} SPACE]""")]
    public async Task Body_OfOneObject_MuchLongerThanItsData_Is413_AlsoAsPartOfABatch(string method, string type, string body)
    {
        using var client = await server.NewUserAsync();
        await client.PutAsync(Record, """{"data":{"b":1}}""");
        const int most = 20_000 + (64 << 10);
        foreach (var (length, status) in new[] { (most, 200), (most + 1, 413) })
        {
            var text = body.Replace("SPACE", new string(' ', length - body.Length + "SPACE".Length), StringComparison.Ordinal);
            Assert.Equal((length, status), (text.Length, (await client.SendAsync(method, Record, text, ("Content-Type", type))).Status));
            if (text[0] == '{')
            {
                var batch = await client.PostAsync(
                    "/batch", $$"""{"requests":[{"method":"{{method}}","path":"{{Record}}","headers":{"Content-Type":"{{type}}"},"body":{{text}}}]}""");
                Assert.Equal(status, batch.Json.GetProperty("responses")[0].GetProperty("status").GetInt32());
            }
        }
    }

    [Theory]
    [InlineData("application/json", """{"data":{"b":"LONG"}}""")]
    [InlineData("application/merge-patch+json", """{"data":{"b":"LONG"}}""")]
    [InlineData("application/json-patch+json", """[{"op":"add","path":"/data/b","value":"LONG"}]""")]
    public async Task Patch_ThatMakesARecordTooLarge_Is413AndChangesNothing(string type, string body)
    {
        using var client = await server.NewUserAsync();
        var before = await client.PutAsync(Record, $$$"""{"data":{"a":"{{{new string('x', 6_000)}}}"}}""");
        var patch = body.Replace("LONG", new string('x', 6_000), StringComparison.Ordinal);
        (await client.SendAsync("PATCH", Record, patch, ("Content-Type", type))).AssertError(413, KintoErrno.RequestTooLarge);
        Assert.Equal(before.ETag, (await client.GetAsync(Record)).ETag);
    }

    [Fact]
    public async Task Batch_OfManyLists_SharesTheRoomOfOneAnswer_AndSaysWhereToGoOn()
    {
        using var client = await server.NewUserAsync();
        for (var i = 0; i < 3; i++)
        {
            await client.PutAsync($"{KintoClient.Records}/r{i}", $$$"""{"data":{"a":"{{{new string('x', 4_000)}}}"}}""");
        }

        var requests = string.Join(',', Enumerable.Repeat($"{{\"path\":\"{KintoClient.Records}\"}}", 5));
        var answer = await client.PostAsync("/batch", $"{{\"requests\":[{requests}]}}");

        Assert.All(answer.Json.GetProperty("responses").EnumerateArray(), part =>
        {
            Assert.Equal(1, part.GetProperty("body").GetProperty("data").GetArrayLength());
            Assert.True(part.GetProperty("headers").TryGetProperty("Next-Page", out _));
        });
    }

    [Fact]
    public async Task Body_ChunkedAndOverTheLimit_Is413()
    {
        using var http = new HttpClient { BaseAddress = server.Address };
        using var request = new HttpRequestMessage(HttpMethod.Put, "/v1" + Record)
        {
            Content = new StreamContent(new MemoryStream(new byte[100_001])),
        };
        request.Headers.TransferEncodingChunked = true;
        using var response = await http.SendAsync(request);
        (await KintoAnswer.ReadAsync(response)).AssertError(413, KintoErrno.RequestTooLarge);
    }

    /// <summary>What a phone on a slow line sends.</summary>
    [Fact]
    public async Task Body_InGzip_IsTakenWhereverOneIs_UpToTheLimitThatItHasDecoded()
    {
        using var client = await server.NewUserAsync();
        var gzip = ("Content-Encoding", "gzip");
        var text = new string('x', 9_000);
        Assert.Equal(201, (await client.SendRawAsync("PUT", "/v1" + Record, Gzip($$$"""{"data":{"a":"{{{text}}}"}}"""), gzip)).Status);
        Assert.Equal(200, (await client.SendRawAsync("PATCH", "/v1" + Record, Gzip("""{"data":{"b":1}}"""), gzip)).Status);
        Assert.Equal(text, (await client.GetAsync(Record)).Data.GetProperty("a").GetString());
        Assert.Equal(1, (await client.GetAsync(Record)).Data.GetProperty("b").GetInt32());

        // A part's body is no text of its own: what is said of its coding means nothing, be it the part's own or the batch's header.
        var batch = Gzip($$$$"""{"requests":[{"method":"PUT","path":"{{{{Record}}}}","headers":{"Content-Encoding":"br"},"body":{"data":{"c":1}}},{"path":"{{{{Record}}}}"}]}""");
        var answer = await client.SendRawAsync("POST", "/v1/batch", batch, gzip);
        Assert.Equal([200, 200], answer.Json.GetProperty("responses").EnumerateArray().Select(part => part.GetProperty("status").GetInt32()));

        foreach (var length in new[] { 100_001, 64 << 20 })
        {
            (await client.SendRawAsync("PUT", "/v1" + Record, Gzip(new string(' ', length)), gzip)).AssertError(413, KintoErrno.RequestTooLarge);
        }

        using var anonymous = server.Anonymous();
        (await anonymous.SendRawAsync("POST", "/v1/batch", Gzip(new string(' ', 70_000)), gzip)).AssertError(413, KintoErrno.RequestTooLarge);
        Assert.Equal(200, (await anonymous.SendRawAsync("POST", "/v1/batch", Gzip("""{"requests":[]}"""), gzip)).Status);
        (await client.SendRawAsync("PUT", "/v1" + Record, Encoding.UTF8.GetBytes("{}"), gzip)).AssertError(400, KintoErrno.InvalidParameters);
    }

    [Fact]
    public async Task Body_InACodingThatIsNotTaken_Is415ThatNamesWhatIs_AndPagesMayReadThat()
    {
        using var client = await server.NewUserAsync();
        var refused = await client.SendRawAsync(
            "PUT", "/v1" + Record, Encoding.UTF8.GetBytes("""{"data":{}}"""), ("Content-Encoding", "br"), ("Origin", "https://app.example.org"));
        refused.AssertError(415, KintoErrno.InvalidParameters);
        Assert.Equal("gzip", refused.Headers["Accept-Encoding"]);
        Assert.Contains("Accept-Encoding", refused.Headers["Access-Control-Expose-Headers"], StringComparison.Ordinal);
        Assert.Equal(404, (await client.GetAsync(Record)).Status);
    }

    private static byte[] Gzip(string text)
    {
        var coded = new MemoryStream();
        using (var gzip = new GZipStream(coded, CompressionLevel.Optimal, leaveOpen: true))
        {
            gzip.Write(Encoding.UTF8.GetBytes(text));
        }

        return coded.ToArray();
    }

    [Fact]
    public async Task Body_OfSomebodyWhoHasNotSignedIn_MustBeSmall()
    {
        using var anonymous = server.Anonymous();
        (await anonymous.PostAsync("/batch", new string(' ', 70_000))).AssertError(413, KintoErrno.RequestTooLarge);
        Assert.Equal(200, (await anonymous.PostAsync("/batch", """{"requests":[]}""" + new string(' ', 50_000))).Status);
    }

    [Fact]
    public async Task Heartbeat_ReadsNoBody_AndSignsNobodyIn()
    {
        using var slow = new TcpClient();
        await slow.ConnectAsync(server.Address.Host, server.Address.Port);
        await slow.Client.SendAsync(Encoding.ASCII.GetBytes(
            $"GET /v1/__heartbeat__ HTTP/1.1\r\nHost: {server.Address.Authority}\r\nAuthorization: Basic bm9wZTpub3Bl\r\nContent-Length: 90000\r\n\r\n"));
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        using var reader = new StreamReader(slow.GetStream());
        Assert.Equal("HTTP/1.1 200 OK", await reader.ReadLineAsync(deadline.Token));
    }

    [Fact]
    public async Task Batch_ThatMultipliesItsBodies_Is413_AndALongPathIs400()
    {
        using var client = await server.NewUserAsync();
        var parts = string.Join(',', Enumerable.Repeat($"{{\"path\":\"{Record}\"}}", 25));
        var multiplied = "{\"defaults\":{\"method\":\"PUT\",\"body\":{\"data\":{\"a\":\"" + new string('x', 9_000) + "\"}}},\"requests\":[" + parts + "]}";
        (await client.PostAsync("/batch", multiplied)).AssertError(413, KintoErrno.RequestTooLarge);
        (await client.PostAsync("/batch", $"{{\"requests\":[{{\"path\":\"/{new string('a', 5_000)}\"}}]}}")).AssertError(400, KintoErrno.InvalidParameters);
    }

    [Fact]
    public async Task Json_TooDeep_Is400()
    {
        using var client = await server.NewUserAsync();
        var deep = string.Concat(Enumerable.Repeat("[", 200)) + string.Concat(Enumerable.Repeat("]", 200));
        (await client.PutAsync(Record, "{\"data\":{\"a\":" + deep + "}}")).AssertError(400, KintoErrno.InvalidParameters);
    }

    [Fact]
    public async Task Headers_AndUrl_OverTheLimit_AreRefusedInTheProtocolsShape()
    {
        using var client = await server.NewUserAsync();
        (await client.GetAsync("/", ("X-Large", new string('x', 5_000)))).AssertError(431, KintoErrno.InvalidParameters);
        (await client.GetAsync("/?a=" + new string('x', 5_000))).AssertError(414, KintoErrno.InvalidParameters);
    }

    [Fact]
    public async Task Pages_AreCappedInRecordsAndBytes_AndNothingIsLost()
    {
        using var client = await server.NewUserAsync();
        for (var i = 0; i < 7; i++)
        {
            await client.PutAsync($"{KintoClient.Records}/r{i}", $$$"""{"data":{"a":"{{{new string('x', i < 4 ? 10 : 9_000)}}}"}}""");
        }

        var seen = new List<int>();
        var path = KintoClient.Records + "?_limit=1000";
        while (true)
        {
            var page = await client.GetAsync(path);
            seen.Add(page.Ids.Count());
            if (!page.Headers.TryGetValue("Next-Page", out var next))
            {
                break;
            }

            path = new Uri(next).PathAndQuery["/v1".Length..];
        }

        Assert.Equal([2, 3, 2], seen);
    }

    [Fact]
    public async Task Body_TooSlow_Is408_AndOthersAreServedMeanwhile()
    {
        using var client = await server.NewUserAsync();
        using var slow = new TcpClient();
        await slow.ConnectAsync(server.Address.Host, server.Address.Port);
        var stream = slow.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes(
            $"PUT /v1{Record} HTTP/1.1\r\nHost: {server.Address.Authority}\r\nContent-Type: application/json\r\nContent-Length: 50000\r\n\r\n{{"));

        Assert.Equal(201, (await client.PutAsync(Record, """{"data":{}}""")).Status);
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        using var reader = new StreamReader(stream);
        var status = await reader.ReadLineAsync(deadline.Token);
        var rest = await reader.ReadToEndAsync(deadline.Token);

        Assert.Equal("HTTP/1.1 408 Request Timeout", status);
        Assert.Contains("\"errno\":107", rest, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Requests_MoreThanMayRunAtOnce_Are503WithRetryAfter()
    {
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var entered = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var small = await KintoServer.StartAsync(
            options => options with { Http = options.Http with { MaxConcurrentRequests = 1 } },
            inner => new Gate(inner, entered, gate.Task));
        try
        {
            using var client = await small.NewUserAsync();
            var running = client.PutAsync(Record, """{"data":{}}""");
            await entered.Task;

            var refused = await client.GetAsync(Record);
            gate.SetResult();

            refused.AssertError(503, KintoErrno.Backend);
            Assert.Equal("3", refused.Headers["Retry-After"]);
            Assert.Equal(201, (await running).Status);
            Assert.Equal(200, (await client.GetAsync(Record)).Status);
        }
        finally
        {
            await small.DisposeAsync();
        }
    }

    internal static LockstepOptions Limits(LockstepOptions options) => options with
    {
        Http = options.Http with { MaxRequestBytes = 100_000, MaxHeaderBytes = 4_000, MinBodyBytesPerSecond = 1_000_000 },
        Kinto = options.Kinto with { MaxRecordBytes = 10_000, MaxPageRecords = 3, MaxPageBytes = 15_000 },
    };

    public sealed class LimitedServer() : KintoServer(Limits);

    private sealed class Gate(Core.Storage.IBucketStore inner, TaskCompletionSource entered, Task open)
        : Lockstep.Storage.Contract.DelegatingBucketStore(inner)
    {
        public override async ValueTask<Core.Storage.CommitOutcome> CommitAsync(Core.Storage.BucketCommit commit)
        {
            entered.TrySetResult();
            await open;
            return await base.CommitAsync(commit);
        }
    }
}
