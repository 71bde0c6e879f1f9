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
