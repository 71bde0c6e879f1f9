using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Lockstep.Gateway.Protocol;

/// <summary>Requests that a proper client does not send, byte by byte, and their answers as they are framed.</summary>
internal static class RawHttp
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    /// <returns>As many answers as the request was sent on one connection. Each has a length: none may be an answer to HEAD.</returns>
    public static async Task<IReadOnlyList<KintoAnswer>> SendAsync(Uri address, string method, string path, string? body, string? authorization, int times)
    {
        using var deadline = new CancellationTokenSource(Deadline);
        using var client = new TcpClient();
        await client.ConnectAsync(address.Host, address.Port, deadline.Token);
        var stream = client.GetStream();
        var request = new StringBuilder($"{method} {path} HTTP/1.1\r\nHost: {address.Authority}\r\n");
        if (authorization is not null)
        {
            request.Append($"Authorization: {authorization}\r\n");
        }

        if (body is not null)
        {
            request.Append($"Content-Type: application/json\r\nContent-Length: {Encoding.UTF8.GetByteCount(body)}\r\n");
        }

        var bytes = Encoding.UTF8.GetBytes(request.Append("\r\n").Append(body).ToString());
        var answers = new List<KintoAnswer>();
        for (var i = 0; i < times; i++)
        {
            await stream.WriteAsync(bytes, deadline.Token);
            answers.Add(await ReadAsync(stream, deadline.Token));
        }

        return answers;
    }

    /// <param name="address">Where to.</param>
    /// <param name="requests">What is sent on one connection, as it is.</param>
    /// <param name="answers">How many answers come.</param>
    /// <returns>The last of them, after which the server closes the connection.</returns>
    public static async Task<KintoAnswer> SendAsync(Uri address, string requests, int answers)
    {
        using var deadline = new CancellationTokenSource(Deadline);
        using var client = new TcpClient();
        await client.ConnectAsync(address.Host, address.Port, deadline.Token);
        var stream = client.GetStream();
        var written = WriteAsync();
        for (var i = 1; i < answers; i++)
        {
            await ReadAsync(stream, deadline.Token);
        }

        var answer = await ReadAsync(stream, deadline.Token);
        await written;
        try
        {
            Assert.Equal(0, await stream.ReadAsync(new byte[1], deadline.Token));
        }
        catch (IOException)
        {
            // Closed while something was on its way to it.
        }

        return answer;

        async Task WriteAsync()
        {
            try
            {
                await stream.WriteAsync(Encoding.UTF8.GetBytes(requests), deadline.Token);
            }
            catch (IOException)
            {
                // The server closes once it has read enough to refuse it.
            }
        }
    }

    private static async Task<KintoAnswer> ReadAsync(NetworkStream stream, CancellationToken cancellationToken)
    {
        var status = (await ReadLineAsync(stream, cancellationToken)).Split(' ');
        var headers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        while (await ReadLineAsync(stream, cancellationToken) is { Length: > 0 } line)
        {
            var colon = line.IndexOf(':', StringComparison.Ordinal);
            headers[line[..colon]] = line[(colon + 1)..].Trim();
        }

        var text = headers.ContainsKey("Transfer-Encoding")
            ? await ReadChunksAsync(stream, cancellationToken)
            : await ReadTextAsync(stream, int.Parse(headers["Content-Length"], CultureInfo.InvariantCulture), cancellationToken);
        return new KintoAnswer(int.Parse(status[1], CultureInfo.InvariantCulture), headers, text);
    }

    private static async Task<string> ReadChunksAsync(NetworkStream stream, CancellationToken cancellationToken)
    {
        var text = new StringBuilder();
        while (int.Parse(await ReadLineAsync(stream, cancellationToken), NumberStyles.HexNumber, CultureInfo.InvariantCulture) is > 0 and var length)
        {
            text.Append(await ReadTextAsync(stream, length, cancellationToken));
            await ReadLineAsync(stream, cancellationToken);
        }

        await ReadLineAsync(stream, cancellationToken);
        return text.ToString();
    }

    private static async Task<string> ReadTextAsync(NetworkStream stream, int length, CancellationToken cancellationToken)
    {
        var bytes = new byte[length];
        await stream.ReadExactlyAsync(bytes, cancellationToken);
        return Encoding.UTF8.GetString(bytes);
    }

    private static async Task<string> ReadLineAsync(NetworkStream stream, CancellationToken cancellationToken)
    {
        var line = new StringBuilder();
        var next = new byte[1];
        while (line.Length < 2 || line[^2] != '\r' || line[^1] != '\n')
        {
            await stream.ReadExactlyAsync(next, cancellationToken);
            line.Append((char)next[0]);
        }

        return line.ToString(0, line.Length - 2);
    }
}
