using System.Net;
using System.Net.Sockets;
using System.Text;
using Lockstep.Gateway.Tests.Notes;
using Lockstep.Storage.Contract;

namespace Lockstep.Gateway.Tests;

/// <summary>Clients that take their time, and what that leaves for others.</summary>
public sealed class SlowClientTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Answer_OfWhichNothingIsTaken_IsCutOff_AndGivesItsRoomBack()
    {
        var time = new FakeTime();
        await using var server = await NotesServer.StartAsync(http => http with { MaxAnswerBytes = NotesProtocol.LargeBytes }, time: time);
        var meter = server.Metrics.Meter;
        using var idle = await OpenAsync(server.Address, "GET /notes/large HTTP/1.1");
        using var deadline = new CancellationTokenSource(Patience);

        // Its room is held, for as long as it has a minute.
        using var client = server.Client();
        while ((int)(await StatusAsync(client, HttpMethod.Head, "/notes/large")) != 400)
        {
            deadline.Token.ThrowIfCancellationRequested();
        }

        await time.Timers.ReachesAsync(1);
        time.Advance(TimeSpan.FromSeconds(59));
        Assert.Equal(0, meter.Observe<long>("lockstep.http.stalled_answers"));

        while (meter.Observe<long>("lockstep.http.stalled_answers") is not > 0)
        {
            deadline.Token.ThrowIfCancellationRequested();
            time.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }

        while ((int)(await StatusAsync(client, HttpMethod.Head, "/notes/large")) != 200)
        {
            deadline.Token.ThrowIfCancellationRequested();
        }
    }

    /// <summary>A megabyte every half minute: each time the server has a new piece under way.</summary>
    [Fact]
    public async Task Answer_ThatIsTakenSlowly_GoesOnToItsEnd()
    {
        var time = new FakeTime();
        await using var server = await NotesServer.StartAsync(time: time);
        using var slow = await OpenAsync(server.Address, "GET /notes/large HTTP/1.1", "Connection: close");
        using var deadline = new CancellationTokenSource(Patience);
        var taken = new byte[8 << 20];
        long total = 0;
        for (var last = 1; last > 0; total += last)
        {
            last = await slow.GetStream().ReadAtLeastAsync(taken, taken.Length, throwOnEndOfStream: false, deadline.Token);
            time.Advance(TimeSpan.FromSeconds(40));
        }

        Assert.InRange(total, NotesProtocol.LargeBytes + 1, int.MaxValue);
    }

    [Fact]
    public async Task Bodies_ThatAreDeclaredAndDoNotCome_TakeNoRoomOfOthers()
    {
        const int Declared = 16 << 20;
        await using var server = await NotesServer.StartAsync(http => http with { MaxRequestBytes = Declared, MaxBufferedBytes = 4 * Declared });
        var slow = new List<TcpClient>();
        foreach (var user in new[] { "mallory", "trudy", "eve", "oscar" })
        {
            for (var i = 0; i < 4; i++)
            {
                slow.Add(await OpenAsync(
                    server.Address, "PUT /notes/store HTTP/1.1", $"Authorization: Token {user}", $"Content-Length: {Declared}", "Expect: 100-continue"));
            }
        }

        foreach (var client in slow)
        {
            // It has taken its room, and asks for the body.
            Assert.StartsWith("HTTP/1.1 100", await ReadLineAsync(client), StringComparison.Ordinal);
            await client.GetStream().WriteAsync(new byte[300]);
        }

        using var alice = server.Client("alice");
        foreach (var length in new[] { 10, 100_000, 8 << 20 })
        {
            using var answer = await alice.PutAsync("/notes/store", new ByteArrayContent(new byte[length]));
            Assert.Equal((200, $"{length}"), ((int)answer.StatusCode, await answer.Content.ReadAsStringAsync()));
        }

        slow.ForEach(static client => client.Dispose());
    }

    [Fact]
    public async Task Bodies_ThatComeSlowly_TakeNoPlaceOfRequestsThatAreThere()
    {
        await using var server = await NotesServer.StartAsync(http => http with { MaxConcurrentRequests = 16 });
        var slow = new List<TcpClient>();
        var (taken, refused) = (0, 0);
        while (refused == 0)
        {
            slow.Add(await OpenAsync(server.Address, "PUT /notes/store HTTP/1.1", "Content-Length: 60000", "Expect: 100-continue"));
            var line = await ReadLineAsync(slow[^1]);
            taken += line.StartsWith("HTTP/1.1 100", StringComparison.Ordinal) ? 1 : 0;
            refused += line.StartsWith("HTTP/1.1 503", StringComparison.Ordinal) ? 1 : 0;
        }

        // A quarter for one address, and all others have theirs.
        Assert.Equal(4, taken);
        using var anonymous = server.Client();
        Assert.Equal(404, (int)await StatusAsync(anonymous, HttpMethod.Get, "/notes/alice/a"));
        using var alice = server.Client("alice");
        using var answer = await alice.PutAsync("/notes/store", new StringContent("12345"));
        Assert.Equal(200, (int)answer.StatusCode);
        slow.ForEach(static client => client.Dispose());
    }

    /// <summary>Whatever it had sent before: an average would let it be silent for long.</summary>
    [Fact]
    public async Task Body_ThatStopsComing_Is408()
    {
        var time = new FakeTime();
        await using var server = await NotesServer.StartAsync(time: time);
        using var client = await OpenAsync(server.Address, "PUT /notes/store HTTP/1.1", "Authorization: Token alice", "Content-Length: 2000000");
        await client.GetStream().WriteAsync(new byte[1_000_000]);
        using var deadline = new CancellationTokenSource(Patience);
        var answer = ReadLineAsync(client);
        while (!answer.IsCompleted)
        {
            deadline.Token.ThrowIfCancellationRequested();
            time.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }

        Assert.StartsWith("HTTP/1.1 400", await answer, StringComparison.Ordinal);
    }

    private static async Task<HttpStatusCode> StatusAsync(HttpClient client, HttpMethod method, string path)
    {
        using var request = new HttpRequestMessage(method, path);
        using var answer = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        return answer.StatusCode;
    }

    private static async Task<TcpClient> OpenAsync(Uri address, params string[] head)
    {
        // The machine takes little of what it is sent.
        var client = new TcpClient { ReceiveBufferSize = 16 << 10 };
        await client.ConnectAsync(address.Host, address.Port);
        await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(string.Join("\r\n", [.. head, $"Host: {address.Authority}", "", ""])));
        return client;
    }

    private static async Task<string> ReadLineAsync(TcpClient client)
    {
        using var deadline = new CancellationTokenSource(Patience);
        var line = new StringBuilder();
        var next = new byte[1];
        while (line.Length < 2 || line[^1] != '\n')
        {
            await client.GetStream().ReadExactlyAsync(next, deadline.Token);
            line.Append((char)next[0]);
        }

        return line.ToString();
    }
}
