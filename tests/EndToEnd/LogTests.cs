using System.Net;
using System.Text;

namespace Lockstep.EndToEnd;

/// <summary>
/// A log that nobody reads: standard output is a pipe, and whoever should empty it hangs. Requests are worth more than lines of
/// the log.
/// </summary>
public sealed class LogTests : IAsyncLifetime
{
    // At Debug a request logs some ten lines of a few hundred bytes; a pipe holds 64 KiB, the queue before it 2,500 lines.
    private const int Clients = 4;
    private const int RequestsOfEach = 500;
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(120);

    private readonly TemporaryDirectory program = new();
    private TestStorage storage = null!;

    public async Task InitializeAsync()
    {
        storage = await TestStorage.CreateAsync();
        await ProgramCopy.MakeAsync(program.Path, """{"Logging":{"LogLevel":{"Default":"Debug"}}}""");
    }

    public async Task DisposeAsync()
    {
        program.Dispose();
        await storage.DisposeAsync();
    }

    [Fact]
    public async Task Log_ThatNobodyReads_HoldsUpNoRequest_AndSaysAfterwardsWhatItLost()
    {
        var (server, address) = await ServerProcess.StartUnreadAsync(storage, program.Path);
        using (server)
        {
            using var http = await FloodAsync(address);

            // Read again, it goes on; what it lost is told on standard error with the next line that has room.
            using var deadline = new CancellationTokenSource(Deadline);
            var reading = ReadAsync(server);
            while (!server.Output.Contains("dropped", StringComparison.Ordinal))
            {
                Assert.Equal(HttpStatusCode.OK, (await http.GetAsync(new Uri("v1/", UriKind.Relative), deadline.Token)).StatusCode);
            }

            server.Terminate();
            Assert.Equal(0, await server.EndAsync());
            await reading;
        }
    }

    [Fact]
    public async Task Log_ThatNobodyReads_DoesNotKeepTheServerFromStopping()
    {
        var (server, address) = await ServerProcess.StartUnreadAsync(storage, program.Path);
        using (server)
        {
            (await FloodAsync(address)).Dispose();
            server.Terminate();
            Assert.Equal(0, await server.EndAsync());
        }
    }

    [Fact]
    public async Task Log_OfAllThereIs_HasNoInvitationInIt()
    {
        storage.Environment["LOCKSTEP_SYNC15__TOKEN_SECRETS"] = "a secret of these tests that is long enough";
        storage.Environment["LOCKSTEP_SYNC15__ISSUER__NAME"] = "https://accounts.example.org";
        storage.Environment["LOCKSTEP_SYNC15__ISSUER__VERIFY_URL"] = "http://127.0.0.1:1/v1/verify";
        await File.WriteAllTextAsync(Path.Combine(program.Path, "appsettings.json"), """{"Logging":{"LogLevel":{"Default":"Trace"},"Console":{"LogLevel":{"Microsoft.AspNetCore.Hosting.Diagnostics":"Trace"}}}}""");
        var (server, address) = await ServerProcess.StartUnreadAsync(storage, program.Path);
        using (server)
        {
            var reading = ReadAsync(server);
            using var http = new HttpClient { BaseAddress = new Uri(address, "/") };
            http.DefaultRequestHeaders.Add("Authorization", "Bearer acc3ssT0ken");
            foreach (var path in new[] { "i/c0deOfAnInvitation/1.0/sync/1.5", "token/i/c0deOfAnInvitation/1.0/sync/1.5", "i/c0deOfAnInvitation/1.0/sync", "i/c0deOfAnInvitation/1.0/sync/1.5?%" })
            {
                Assert.InRange((int)(await http.GetAsync(new Uri(path, UriKind.Relative))).StatusCode, 400, 503);
            }

            server.Terminate();
            Assert.Equal(0, await server.EndAsync());
            var log = await reading;
            Assert.Contains("Connection id", log, StringComparison.Ordinal);
            Assert.DoesNotContain("c0deOfAnInvitation", log, StringComparison.Ordinal);
            Assert.DoesNotContain("acc3ssT0ken", log, StringComparison.Ordinal);
        }
    }

    private static async Task<HttpClient> FloodAsync(Uri address)
    {
        var http = new HttpClient { BaseAddress = new Uri(address, "/") };

        // A request alone says nothing; each connection says that it begins and ends.
        http.DefaultRequestHeaders.ConnectionClose = true;
        using var deadline = new CancellationTokenSource(Deadline);
        await Task.WhenAll(Enumerable.Range(0, Clients).Select(async _ =>
        {
            for (var i = 0; i < RequestsOfEach; i++)
            {
                using var answer = await http.GetAsync(new Uri("v1/", UriKind.Relative), deadline.Token);
                Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            }
        }));
        return http;
    }

    private static async Task<string> ReadAsync(ServerProcess server)
    {
        var log = new StringBuilder();
        while (await server.ReadLineAsync() is { } line)
        {
            log.AppendLine(line);
        }

        return log.ToString();
    }
}
