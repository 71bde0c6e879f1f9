using System.Net.Sockets;
using System.Text;
using Lockstep.EndToEnd;
using Xunit.Abstractions;

namespace Lockstep.Hostile;

/// <summary>Requests that nobody would write, over raw sockets.</summary>
public sealed class FuzzTests(ITestOutputHelper log)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>What is not answered by then is taken for a request that has not been sent to its end.</summary>
    private static readonly TimeSpan Quiet = TimeSpan.FromMilliseconds(50);

    [Fact]
    public async Task Requests_OfNonsense_AreAnsweredOrCutOff_WithoutAFault()
    {
        var random = new Random(RunSettings.Seed(log));
        await using var storage = await TestStorage.CreateAsync();
        var server = await Servers.StartAsync(storage);
        var address = server.Address;
        using (server)
        {
            using var good = new Person(address, "good");
            await good.RegisterAsync();
            var fuzzer = new Fuzzer(random, address, good.Authorization!);
            var statuses = new SortedDictionary<string, int>(StringComparer.Ordinal);
            for (var i = 0; i < RunSettings.Requests; i++)
            {
                var request = fuzzer.Next();
                var answer = await SendAsync(address, request);
                statuses[Status(answer)] = statuses.GetValueOrDefault(Status(answer)) + 1;

                // 505 is for a version of HTTP that there is not.
                Assert.False(
                    Status(answer) is ['5', ..] and not "505" && !(Status(answer) is "503" && answer.Contains("Retry-After:", StringComparison.Ordinal)),
                    $"{answer}\nto\n{Encoding.Latin1.GetString(request)}");
            }

            RunSettings.Say(log, $"{RunSettings.Requests} requests of nonsense: {string.Join(", ", statuses.Select(static one => $"{one.Value} times {one.Key}"))}");
            using var other = new Person(address, "other");
            await other.RegisterAsync();
            Assert.Equal(201, await other.SendAsync("PUT", $"{Person.Records}/a", """{"data":{}}"""));
            Assert.DoesNotContain("\"LogLevel\":\"Error\"", server.Output, StringComparison.Ordinal);
            Assert.DoesNotContain("\"LogLevel\":\"Critical\"", server.Output, StringComparison.Ordinal);
        }
    }

    private static string Status(string answer) =>
        answer.StartsWith("HTTP/1.1 ", StringComparison.Ordinal) && answer.Length >= 12 ? answer[9..12] : answer.Length == 0 ? "nothing" : "no status";

    /// <summary>
    /// Sends it and reads to the end. That no more comes is said late: Kestrel gives up a request whose client has said so, and
    /// nothing would be tried.
    /// </summary>
    private static async Task<string> SendAsync(Uri address, byte[] request)
    {
        using var deadline = new CancellationTokenSource(Patience);
        using var client = new TcpClient();
        await client.ConnectAsync(address.Host, address.Port, deadline.Token);
        var stream = client.GetStream();
        var answer = new MemoryStream();
        try
        {
            await stream.WriteAsync(request, deadline.Token);
            var reading = stream.CopyToAsync(answer, deadline.Token);
            if (await Task.WhenAny(reading, Task.Delay(Quiet, deadline.Token)) != reading)
            {
                client.Client.Shutdown(SocketShutdown.Send);
            }

            await reading;
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            // It may cut off what it does not want to read.
        }

        return Encoding.Latin1.GetString(answer.ToArray());
    }
}
