using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.Logging;

namespace Lockstep.Gateway.Protocol;

/// <summary>
/// Clients whose connection breaks, as those of phones do all day: the server does not take it for a fault of its own, and
/// whoever reads its log is not told.
/// </summary>
public sealed class ResetTests : IAsyncLifetime
{
    private const int Rounds = 40;

    // More than lies between the two in buffers, so that the server waits with a part of the answer.
    private const int AnswerBytes = 1 << 20;
    private const int AnswerRecords = 30;

    private readonly SemaphoreSlim committing = new(0);
    private TaskCompletionSource? gate;
    private KintoServer server = null!;
    private LogWatch log = null!;
    private string credentials = null!;

    public async Task InitializeAsync()
    {
        server = await KintoServer.StartAsync(decorate: inner => new Gate(inner, this));
        await server.AddAccountAsync("alice", "s3cr3t");
        credentials = KintoClient.Basic("alice", "s3cr3t");
        log = LogWatch.On(server.Services);
    }

    public Task DisposeAsync() => server.DisposeAsync();

    public static TheoryData<string, string> Bodies => new()
    {
        { $"PUT {KintoClient.Records}/a", "Content-Length: 100" },
        { $"PUT {KintoClient.Records}/a", "Transfer-Encoding: chunked" },
        { $"PATCH {KintoClient.Records}/a", "Content-Length: 100" },
        { $"POST {KintoClient.Records}", "Content-Length: 100000" },
        { "POST /batch", "Content-Length: 100" },
        { "POST /batch", "Transfer-Encoding: chunked" },
        { "POST /accounts", "Content-Length: 100" },
        { $"GET {KintoClient.Records}/a", "Content-Length: 100" },
    };

    [Theory]
    [MemberData(nameof(Bodies))]
    public async Task ConnectionReset_InsideABody_LogsNothing(string request, string framing)
    {
        await Task.WhenAll(Enumerable.Range(0, Rounds).Select(async round =>
        {
            using var client = await ConnectAsync(request, framing);

            // Half of them before the server has read the head, half (by the answer 100) when it waits for the body.
            if (round % 2 == 0)
            {
                await client.SendAsync(Encoding.ASCII.GetBytes("Expect: 100-continue\r\n\r\n"));
                await client.ReceiveAsync(new byte[1]);
            }
            else
            {
                await client.SendAsync("\r\n"u8.ToArray());
            }

            await client.SendAsync(framing.StartsWith('T') ? "5\r\n{\"dat"u8.ToArray() : "{\"data\":"u8.ToArray());
            Reset(client, byFin: round % 4 == 3);
        }));

        await log.ConnectionsClosedAsync(Rounds);
        AssertNothingLogged();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task ConnectionReset_WhileAWriteIsCommitted_LogsNothing_AndTheWriteStands(bool inBatch)
    {
        const string path = KintoClient.Records + "/a";
        var body = inBatch
            ? """{"requests":[{"method":"PUT","path":"PATH","body":{"data":{"n":1}}},{"path":"/buckets"},{"path":"PATH"}]}""".Replace("PATH", path, StringComparison.Ordinal)
            : """{"data":{"n":1}}""";
        gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using (var client = await ConnectAsync(inBatch ? "POST /batch" : $"PUT {path}", $"Content-Length: {body.Length}\r\n"))
        {
            await client.SendAsync(Encoding.ASCII.GetBytes(body));
            await committing.WaitAsync();
            Reset(client);
        }

        gate.SetResult();
        gate = null;
        await log.ConnectionsClosedAsync(1);

        AssertNothingLogged();
        using var alice = server.As("alice", "s3cr3t");
        Assert.Equal(1, (await alice.GetAsync(path)).Data.GetProperty("n").GetInt32());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task ConnectionReset_WhileTheAnswerIsWritten_LogsNothing(bool inBatch)
    {
        using var alice = server.As("alice", "s3cr3t");
        for (var i = 0; i < AnswerRecords; i++)
        {
            await alice.PutAsync($"{KintoClient.Records}/r{i}", $$$"""{"data":{"a":"{{{new string('x', AnswerBytes)}}}"}}""");
        }

        const string part = $$"""{"path":"{{KintoClient.Records}}"}""";
        const string body = $$"""{"requests":[{{part}},{{part}}]}""";
        for (var round = 0; round < 4; round++)
        {
            using var client = await ConnectAsync(
                inBatch ? "POST /batch" : $"GET {KintoClient.Records}", inBatch ? $"Content-Length: {body.Length}\r\n" : "");
            await client.SendAsync(inBatch ? Encoding.ASCII.GetBytes(body) : "\r\n"u8.ToArray());
            await client.ReceiveAsync(new byte[1000]);
            Reset(client);
        }

        await log.ConnectionsClosedAsync(4);
        AssertNothingLogged();
    }

    private void AssertNothingLogged()
    {
        var lines = log.Above(LogLevel.Debug).ToList();
        Assert.True(lines.Count == 0, string.Join('\n', lines));
    }

    /// <summary>Sends the head, but for the empty line at its end.</summary>
    private async Task<Socket> ConnectAsync(string request, string framing)
    {
        var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = 4096, NoDelay = true };
        await client.ConnectAsync(server.Address.Host, server.Address.Port);
        await client.SendAsync(Encoding.ASCII.GetBytes(
            $"{request.Replace(" /", " /v1/", StringComparison.Ordinal)} HTTP/1.1\r\nHost: {server.Address.Authority}\r\n"
            + $"Authorization: {credentials}\r\nContent-Type: application/json\r\n{framing}{(framing.Length > 0 ? "\r\n" : "")}"));
        return client;
    }

    private static void Reset(Socket client, bool byFin = false)
    {
        // A socket that does not linger is closed with a reset.
        client.LingerState = new LingerOption(!byFin, 0);
        client.Close();
    }

    private sealed class Gate(Core.Storage.IBucketStore inner, ResetTests tests) : Storage.Contract.DelegatingBucketStore(inner)
    {
        public override async ValueTask<Core.Storage.CommitOutcome> CommitAsync(Core.Storage.BucketCommit commit)
        {
            if (tests.gate is { } gate)
            {
                tests.committing.Release();
                await gate.Task;
            }

            return await base.CommitAsync(commit);
        }
    }
}
