using System.Diagnostics.CodeAnalysis;
using System.Diagnostics.Metrics;
using System.IO.Compression;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Lockstep.Gateway.Pipeline;
using Lockstep.Gateway.Tests.Notes;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Lockstep.Gateway.Tests;

/// <summary>What every protocol has of the pipeline, seen with one that is not Kinto.</summary>
public sealed class PipelineTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Protocol_OfOneResource_IsServedUnderEachPrefix()
    {
        await using var server = await NotesServer.StartAsync();
        using var alice = server.Client("alice");
        using var anonymous = server.Client();

        Assert.Equal((201, ""), await SendAsync(alice, "PUT", "/notes/alice/a%2Fb", "{}"));
        Assert.Equal((200, ""), await SendAsync(alice, "PUT", "/old/notes/alice/a%2fb", """{"a":1}"""));

        Assert.Equal((200, """{"a":1}"""), await SendAsync(anonymous, "GET", "/old/notes/alice/a%2Fb"));
        Assert.Equal((200, ""), await SendAsync(anonymous, "HEAD", "/notes/alice/%61%2Fb"));
        Assert.Equal((404, "0"), await SendAsync(anonymous, "GET", "/notes/alice/a%252Fb"));
    }

    [Theory]
    [InlineData("GET", "/notes/alice", 404, "0")]
    [InlineData("GET", "/notes/alice/", 404, "0")]
    [InlineData("GET", "/notes", 404, "0")]
    [InlineData("GET", "/notes/", 404, "0")]
    [InlineData("GET", "/notes/Watch", 404, "0")]
    [InlineData("PATCH", "/notes/alice/a", 405, "1")]
    [InlineData("PUT", "/notes/alice/a", 401, "2")]
    [InlineData("PUT", "/notes/alice/a", 401, "2", "Basic YTpi")]
    [InlineData("PUT", "/notes/alice/a", 401, "2", "Token 5")]
    [InlineData("PUT", "/notes/alice/a", 201, "", "token alice")]
    [InlineData("PUT", "/notes/alice/a", 429, "3", "Token throttled")]
    [InlineData("GET", "/notes/alice/a?b=%FF", 400, "7")]
    [InlineData("GET", "/notes/alice/a?b=%FF", 400, "7", "Token throttled")]
    [InlineData("PATCH", "/notes/alice/a", 405, "1", "Token throttled")]
    [InlineData("GET", "/notes/away", 503, "8")]
    [InlineData("GET", "/notes/break", 500, "9")]
    [InlineData("GET", "/notes/half", 500, "9")]
    public async Task Refusal_HasTheProtocolsShape(string method, string path, int status, string body, string? authorization = null)
    {
        await using var server = await NotesServer.StartAsync();
        using var client = server.Client();
        using var request = Request(method, path, method is "GET" ? null : "{}");
        request.Headers.TryAddWithoutValidation("Authorization", authorization);

        using var response = await client.SendAsync(request);

        Assert.Equal((status, body), ((int)response.StatusCode, await response.Content.ReadAsStringAsync()));
        Assert.Equal(["1"], response.Headers.GetValues("X-Notes"));
        Assert.False(response.Headers.Contains("X-Note"));
        Assert.Equal(status == 405 ? ["GET", "HEAD", "PUT", "OPTIONS"] : [], response.Content.Headers.Allow);
    }

    [Fact]
    public async Task Preflight_TellsTheMethodsOfTheTable()
    {
        await using var server = await NotesServer.StartAsync();
        using var client = server.Client();
        foreach (var (path, methods) in new[] { ("/notes/alice/a", "GET, HEAD, PUT, OPTIONS"), ("/notes/upload", "POST, OPTIONS"), ("/notes/alice", "none") })
        {
            using var response = await client.SendAsync(Request("OPTIONS", path));
            Assert.Equal([methods], response.Headers.GetValues("Access-Control-Allow-Methods"));
        }
    }

    [Fact]
    public async Task Protocols_InOneProcess_EachAnswerUnderTheirPrefix_AndOneAnswersElsewhere()
    {
        await using var server = await NotesServer.StartAsync(withKinto: true);
        using var client = server.Client("alice");

        Assert.Equal((201, ""), await SendAsync(client, "PUT", "/notes/alice/a", "{}"));
        Assert.Equal((404, "0"), await SendAsync(client, "GET", "/notes/nothing"));
        Assert.Contains("\"errno\":111", (await SendAsync(client, "GET", "/v1/nothing")).Body, StringComparison.Ordinal);
        Assert.Contains("\"project_name\"", (await SendAsync(client, "GET", "/v1/")).Body, StringComparison.Ordinal);
        using var outside = await client.GetAsync("/notesandmore");
        Assert.Equal((307, "/v1/notesandmore"), ((int)outside.StatusCode, outside.Headers.Location?.OriginalString));

        // A token is of the other protocol only.
        Assert.Equal(401, (await SendAsync(client, "GET", "/v1/buckets")).Status);
    }

    [Fact]
    public async Task Path_OfNoProtocol_Is404_WhereNoneAnswersThose()
    {
        await using var server = await NotesServer.StartAsync();
        using var client = server.Client();

        Assert.Equal((404, ""), await SendAsync(client, "GET", "/v1/"));
    }

    [Fact]
    public async Task Body_IsReadAsTheResourceSays()
    {
        await using var server = await NotesServer.StartAsync();
        using var alice = server.Client("alice");
        var tooLarge = new string('x', NotesProtocol.MaxBytes + 1);

        Assert.Equal((201, ""), await SendAsync(alice, "PUT", "/notes/alice/a", tooLarge[1..]));
        Assert.Equal((413, $"{NotesProtocol.MaxBytes}"), await SendAsync(alice, "PUT", "/notes/alice/a", tooLarge));
        using var chunked = Request("PUT", "/notes/alice/a", tooLarge);
        chunked.Headers.TransferEncodingChunked = true;
        using var refused = await alice.SendAsync(chunked);
        Assert.Equal(413, (int)refused.StatusCode);

        // No body is wanted there: the answer does not wait for it.
        using var waiting = await Connection.OpenAsync(server.Address, "GET /notes/alice/a HTTP/1.1", "Content-Length: 1000");
        Assert.Equal("HTTP/1.1 200 OK", await waiting.ReadLineAsync());
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("GZip")]
    [InlineData("x-gzip")]
    public async Task Body_InGzip_IsDecoded_WithinTheLimit(string coding)
    {
        await using var server = await NotesServer.StartAsync();
        using var alice = server.Client("alice");
        var largest = new string('x', NotesProtocol.MaxBytes);
        foreach (var chunked in new[] { false, true })
        {
            Assert.Equal((201, ""), await SendCodedAsync(alice, $"/notes/alice/a{chunked}", Gzip(largest), coding, chunked));
            Assert.Equal((200, largest), await SendAsync(alice, "GET", $"/notes/alice/a{chunked}"));
            Assert.Equal((413, "100"), await SendCodedAsync(alice, "/notes/alice/a", Gzip(largest + "x"), coding, chunked));

            Assert.Equal((413, "100"), await SendCodedAsync(alice, "/notes/alice/a", Gzip(new string('x', 20_000)), coding, chunked));
        }

        Assert.Equal((404, "0"), await SendAsync(alice, "GET", "/notes/alice/a"));
    }

    [Fact]
    public async Task Body_InGzip_ThatIsBroken_Is400()
    {
        await using var server = await NotesServer.StartAsync();
        using var alice = server.Client("alice");
        var whole = Gzip(string.Concat(Enumerable.Range(0, 30).Select(i => $"{i * 7919 % 100}")));
        var wrongSum = whole.ToArray();
        wrongSum[^5] ^= 1;
        byte[][] broken =
        [
            Encoding.UTF8.GetBytes("{}"), Encoding.UTF8.GetBytes(new string('x', 50)), wrongSum, [.. whole, 0], [.. Gzip("a"), .. Gzip("b")], [.. Gzip("")[..^4], 1, 0, 0, 0],

            // It says that it is shorter than it is: it is not decoded further than that.
            [.. Gzip(new string('x', 50))[..^4], 10, 0, 0, 0], [.. Gzip(new string('x', 50))[..^4], 0, 0, 0, 0],
        ];
        foreach (var body in broken)
        {
            Assert.Equal((400, "10"), await SendCodedAsync(alice, "/notes/alice/a", body, "gzip"));
        }

        // Cut off anywhere. What is then its end can say that it is long.
        for (var length = 1; length < whole.Length; length++)
        {
            Assert.Contains((await SendCodedAsync(alice, "/notes/alice/a", whole[..length], "gzip")).Status, (int[])[400, 413]);
        }

        Assert.Equal((404, "0"), await SendAsync(alice, "GET", "/notes/alice/a"));
        Assert.Equal((201, ""), await SendCodedAsync(alice, "/notes/alice/a", Gzip(""), "gzip"));
        Assert.Equal((200, ""), await SendCodedAsync(alice, "/notes/alice/a", [], "gzip"));
    }

    [Theory]
    [InlineData("br")]
    [InlineData("deflate")]
    [InlineData("zstd")]
    [InlineData("gzip, gzip")]
    [InlineData("identity, gzip")]
    [InlineData("nonsense")]
    public async Task Body_InAnotherCoding_Is415(string coding)
    {
        await using var server = await NotesServer.StartAsync();
        using var alice = server.Client("alice");
        using var anonymous = server.Client();
        foreach (var client in new[] { alice, anonymous })
        {
            Assert.Equal((415, "gzip"), await SendCodedAsync(client, "/notes/alice/a", Encoding.UTF8.GetBytes("{}"), coding));
        }

        Assert.Equal((404, "0"), await SendAsync(alice, "GET", "/notes/alice/a"));
        Assert.Equal((415, "identity"), await SendCodedAsync(alice, "/notes/upload", Encoding.UTF8.GetBytes("{}"), coding, method: "POST"));
        Assert.Equal((415, "identity"), await SendCodedAsync(alice, "/notes/upload", Gzip("{}"), "gzip", method: "POST"));

        // Where no body is read it may be coded as it likes.
        Assert.Equal((200, "alive"), await SendCodedAsync(alice, "/notes/alive", Encoding.UTF8.GetBytes("{}"), coding, method: "GET"));
        Assert.Equal((404, "0"), await SendCodedAsync(alice, "/notes/alice/a", Encoding.UTF8.GetBytes("{}"), coding, method: "GET"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("identity")]
    public async Task Body_ThatIsNotCoded_MaySaySo(string coding)
    {
        await using var server = await NotesServer.StartAsync();
        using var alice = server.Client("alice");
        Assert.Equal((201, ""), await SendCodedAsync(alice, "/notes/alice/a", Encoding.UTF8.GetBytes("{}"), coding));
        Assert.Equal((200, "{}"), await SendAsync(alice, "GET", "/notes/alice/a"));
    }

    [Fact]
    public async Task Body_InGzip_TakesTheRoomOfWhatIsDecoded_AndGivesItBack()
    {
        var body = Gzip(new string('x', NotesProtocol.MaxBytes));
        await using (var small = await NotesServer.StartAsync(http => http with { MaxBufferedBytes = 2 * NotesProtocol.MaxBytes }))
        {
            using var alice = small.Client("alice");
            Assert.Equal((503, "4"), await SendCodedAsync(alice, "/notes/alice/a", body, "gzip"));
            Assert.Equal((201, ""), await SendCodedAsync(alice, "/notes/alice/a", Gzip("x"), "gzip"));
        }

        await using var server = await NotesServer.StartAsync(http => http with { MaxBufferedBytes = 16 * NotesProtocol.MaxBytes });
        using var client = server.Client("alice");
        foreach (var chunked in new[] { false, true })
        {
            for (var i = 0; i < 20; i++)
            {
                Assert.InRange((await SendCodedAsync(client, "/notes/alice/a", body, "gzip", chunked)).Status, 200, 201);
                Assert.Equal(400, (await SendCodedAsync(client, "/notes/alice/a", body[..^9], "gzip", chunked)).Status);
            }
        }
    }

    [Fact]
    public async Task Body_ThatIsStreamed_ReachesTheHandlerPieceByPiece()
    {
        await using var server = await NotesServer.StartAsync();
        using var upload = await Connection.OpenAsync(server.Address, "POST /notes/upload HTTP/1.1", "Authorization: Token alice", "Content-Length: 8");

        await upload.WriteAsync("12345");
        Assert.Equal(5, await server.Notes.FirstPiece.Task.WaitAsync(Patience));
        await upload.WriteAsync("678");

        Assert.Equal("HTTP/1.1 200 OK", await upload.ReadLineAsync());
        using var anonymous = server.Client();
        Assert.Equal((401, "2"), await SendAsync(anonymous, "POST", "/notes/upload", "1"));
    }

    [Fact]
    public async Task Probe_IsAnswered_WhenThereIsNoRoom()
    {
        await using var server = await NotesServer.StartAsync(http => http with { MaxConcurrentRequests = 1 });
        using var client = server.Client("throttled");
        using var anonymous = server.Client();
        var held = anonymous.GetAsync("/notes/hold");
        await server.Notes.Held.Task.WaitAsync(Patience);

        Assert.Equal((503, "4"), await SendAsync(anonymous, "GET", "/notes/alice/a"));
        Assert.Equal((200, "alive"), await SendAsync(client, "GET", "/notes/alive?a=%FF"));

        server.Notes.Release.SetResult();
        using var answer = await held;
        Assert.Equal(200, (int)answer.StatusCode);
    }

    [Fact]
    public async Task Stream_TakesNoRoomOfShortRequests_AndHasItsOwn()
    {
        await using var server = await NotesServer.StartAsync(http => http with { MaxConcurrentRequests = 1, MaxStreams = 1 });
        using var client = server.Client();
        using (var stream = await Connection.OpenAsync(server.Address, "GET /notes/watch HTTP/1.1"))
        {
            await stream.ReadUntilAsync("data: open");

            Assert.Equal((404, "0"), await SendAsync(client, "GET", "/notes/alice/a"));
            Assert.Equal((503, "4"), await SendAsync(client, "GET", "/notes/watch"));
        }

        // Once the client has gone there is room again.
        using var deadline = new CancellationTokenSource(Patience);
        while (true)
        {
            using var next = await client.GetAsync("/notes/watch", HttpCompletionOption.ResponseHeadersRead, deadline.Token);
            if (next.StatusCode == HttpStatusCode.OK)
            {
                break;
            }

            await Task.Yield();
        }
    }

    [Fact]
    public async Task Stop_EndsStreams_AndDoesNotWaitForThem()
    {
        await using var server = await NotesServer.StartAsync();
        using var stream = await Connection.OpenAsync(server.Address, "GET /notes/watch HTTP/1.1");
        await stream.ReadUntilAsync("data: open");

        // The host itself would wait for five minutes.
        await server.StopAsync().WaitAsync(Patience);

        // The end of a chunked body: the stream was ended, not cut.
        await stream.ReadUntilAsync("0");
    }

    [Fact]
    public async Task Route_OfARequest_IsTheTemplateBehindThePrefix()
    {
        var routes = new List<string?>();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, self) =>
            {
                if (instrument.Name is "http.server.request.duration")
                {
                    self.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<double>((_, _, tags, _) =>
        {
            var tag = tags.ToArray().FirstOrDefault(tag => tag.Key is "http.route").Value as string;
            lock (routes)
            {
                routes.Add(tag);
            }
        });
        listener.Start();
        var server = await NotesServer.StartAsync(withKinto: true);
        await using (server)
        {
            using var client = server.Client();
            foreach (var path in new[] { "/notes/alice/secret", "/old/notes/bob/b", "/notes/x", "/v1/buckets/alice", "/v1/", "/alice" })
            {
                await SendAsync(client, "GET", path);
            }
        }

        lock (routes)
        {
            // Other tests' servers are measured too; what they could not have is that any of it names somebody.
            Assert.Subset(
                routes.ToHashSet(),
                new HashSet<string?> { "/notes/{user}/{note}", "/old/notes/{user}/{note}", null, "/v1/buckets/{bucket}", "/v1/" });
            Assert.DoesNotContain(routes, route => route?.Contains("alice", StringComparison.Ordinal) == true);
        }
    }

    [Fact]
    public void Map_WithTwoProtocolsForTheSame_IsRefused()
    {
        Assert.Throws<InvalidOperationException>(() => new ProtocolMap([new Endpoint("a", "/v1"), new Endpoint("b", "/v1")]));
        Assert.Throws<InvalidOperationException>(() => new ProtocolMap([new Endpoint("a", "/v1") { AnswersUnknownPaths = true }, new Endpoint("b", "/v2") { AnswersUnknownPaths = true }]));
    }

    [Fact]
    public async Task Map_WithAPrefixThatOneShares_GivesTheOtherWhatThatOneDoesNotTake()
    {
        var endpoints = new[] { new Endpoint("whole", "/a"), new Endpoint("part", "/a") { Taken = "/mine" } };
        var map = new ProtocolMap(endpoints);

        await map.HandleAsync(new DefaultHttpContext { Request = { Path = "/a/mine" } });
        await map.HandleAsync(new DefaultHttpContext { Request = { Path = "/a/yours" } });

        Assert.Equal(["part /a /mine"], endpoints[1].Handled);
        Assert.Equal(["whole /a /yours"], endpoints[0].Handled);
        Assert.Throws<InvalidOperationException>(() => new ProtocolMap([new Endpoint("a", "/v1") { Taken = "/x" }, new Endpoint("b", "/v1") { Taken = "/y" }]));
    }

    [Theory]
    [InlineData("/a/b/c", "long /a/b /c")]
    [InlineData("/a/b", "long /a/b ")]
    [InlineData("/a/bc", "short /a /bc")]
    [InlineData("/a", "short /a ")]
    [InlineData("/A/b", "other")]
    [InlineData("/", "other")]
    public async Task Map_WithOnePrefixInAnother_TakesTheLongest(string path, string handled)
    {
        var endpoints = new[] { new Endpoint("short", "/a"), new Endpoint("long", "/a/b"), new Endpoint("other", "/x") { AnswersUnknownPaths = true } };
        var context = new DefaultHttpContext { Request = { Path = path } };

        await new ProtocolMap(endpoints).HandleAsync(context);

        Assert.Equal([handled], endpoints.SelectMany(endpoint => endpoint.Handled));
    }

    private static HttpRequestMessage Request(string method, string path, string? body = null)
    {
        var request = new HttpRequestMessage(new HttpMethod(method), path);
        request.Content = body is null ? null : new StringContent(body, Encoding.UTF8);
        return request;
    }

    private static async Task<(int Status, string Body)> SendAsync(HttpClient client, string method, string path, string? body = null)
    {
        using var request = Request(method, path, body);
        using var response = await client.SendAsync(request);
        return ((int)response.StatusCode, await response.Content.ReadAsStringAsync());
    }

    private static async Task<(int Status, string Body)> SendCodedAsync(
        HttpClient client, string path, byte[] body, string coding, bool chunked = false, string method = "PUT")
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path) { Content = new ByteArrayContent(body) };
        Assert.True(request.Content.Headers.TryAddWithoutValidation("Content-Encoding", coding));
        request.Headers.TransferEncodingChunked = chunked;
        using var response = await client.SendAsync(request);
        return ((int)response.StatusCode, await response.Content.ReadAsStringAsync());
    }

    private static byte[] Gzip(string text)
    {
        var coded = new MemoryStream();
        using (var gzip = new GZipStream(coded, CompressionLevel.Optimal, leaveOpen: true))
        {
            gzip.Write(Encoding.UTF8.GetBytes(text));
        }

        // One of nothing is written as nothing.
        return coded.Length > 0 ? coded.ToArray() : [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    }

    private sealed class Endpoint(string name, string prefix) : IProtocolEndpoint
    {
        public List<string> Handled { get; } = [];

        public string Name => name;

        public IReadOnlyList<string> Prefixes => [prefix];

        public bool AnswersUnknownPaths { get; init; }

        public bool SharesPrefixes => Taken is not null;

        /// <summary>The one path that it takes; null for all.</summary>
        public string? Taken { get; init; }

        public bool TakesUnread(Routing.RequestPath path) => Taken is null || path.Text == Taken;

        public bool TryHandle(HttpContext context, string under, Routing.RequestPath path, [NotNullWhen(true)] out Task? handling)
        {
            handling = TakesUnread(path) ? Task.CompletedTask : null;
            if (handling is null)
            {
                return false;
            }

            Handled.Add($"{name} {under} {path}");
            return true;
        }

        public Answer Refuse(Refusal refusal, IHeaderDictionary headers) => new(400);

        public Task HandleUnknownAsync(HttpContext context)
        {
            Handled.Add(name);
            return Task.CompletedTask;
        }
    }

    /// <summary>A connection on which the test says what is sent when.</summary>
    private sealed class Connection : IDisposable
    {
        private readonly TcpClient tcp = new();
        private StreamReader reader = null!;

        public static async Task<Connection> OpenAsync(Uri address, params string[] head)
        {
            var connection = new Connection();
            await connection.tcp.ConnectAsync(address.Host, address.Port);
            connection.reader = new StreamReader(connection.tcp.GetStream());
            await connection.WriteAsync(string.Join("\r\n", [.. head, $"Host: {address.Authority}", "", ""]));
            return connection;
        }

        public async Task WriteAsync(string text) => await tcp.GetStream().WriteAsync(Encoding.ASCII.GetBytes(text));

        public async Task<string?> ReadLineAsync()
        {
            using var deadline = new CancellationTokenSource(Patience);
            return await reader.ReadLineAsync(deadline.Token);
        }

        public async Task ReadUntilAsync(string line)
        {
            while (await ReadLineAsync() is var read && read != line)
            {
                Assert.NotNull(read);
            }
        }

        public void Dispose() => tcp.Dispose();
    }
}
