using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.Logging;

namespace Lockstep.Gateway.Protocol;

/// <summary>Anybody can send a body that is refused, as often as they like: it is no fault of the server's. Of the gateway alone.</summary>
public sealed class RefusedBodyTests
{
    [Theory]
    [InlineData("Transfer-Encoding: chunked", "20000\r\n", 413)]
    [InlineData("Content-Length: 100001", "", 413)]
    [InlineData("Transfer-Encoding: chunked", "nonsense\r\n", 400)]
    [InlineData("Transfer-Encoding: chunked", "2\r\n{}nonsense\r\n", 400)]
    [InlineData("Content-Length: 50000", "{", 408)]
    [InlineData("Transfer-Encoding: chunked", "9000\r\n{", 408)]
    public async Task Body_ThatIsRefused_LogsNothing(string framing, string body, int status)
    {
        // Its own server: the connections of other tests end when they like.
        var watched = await KintoServer.StartAsync(LimitTests.Limits);
        try
        {
            await AssertRefusedAsync(watched, framing, body, status);
        }
        finally
        {
            await watched.DisposeAsync();
        }
    }

    private static async Task AssertRefusedAsync(KintoServer server, string framing, string body, int status)
    {
        using var log = LogWatch.On(server.Services);
        using (var client = new TcpClient())
        {
            await client.ConnectAsync(server.Address.Host, server.Address.Port);
            var stream = client.GetStream();
            await stream.WriteAsync(Encoding.ASCII.GetBytes(
                $"POST /v1/batch HTTP/1.1\r\nHost: {server.Address.Authority}\r\nContent-Type: application/json\r\n{framing}\r\n\r\n{body}"));
            if (status == 413 && body.Length > 0)
            {
                await stream.WriteAsync(new byte[0x20000]);
            }

            using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(60));
            using var reader = new StreamReader(stream);
            Assert.StartsWith($"HTTP/1.1 {status} ", await reader.ReadLineAsync(deadline.Token), StringComparison.Ordinal);
        }

        await log.ConnectionsClosedAsync(1);
        var lines = log.Above(LogLevel.Debug).ToList();
        Assert.True(lines.Count == 0, string.Join('\n', lines));
    }
}
