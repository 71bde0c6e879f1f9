using System.Buffers.Text;
using System.Net;
using System.Net.Sockets;

namespace Lockstep.Bench;

/// <summary>
/// HTTP/1.1 over one kept connection: just enough for answers with a length or without a body, so that the client leaves
/// the machine to the server.
/// </summary>
internal sealed class HttpConnection : IDisposable
{
    private readonly Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private byte[] buffer = new byte[16 << 10];

    public static async Task<HttpConnection> OpenAsync(IPEndPoint address, CancellationToken cancellationToken)
    {
        var connection = new HttpConnection();
        try
        {
            await connection.socket.ConnectAsync(address, cancellationToken);
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    public async ValueTask<HttpAnswer> ExchangeAsync(ReadOnlyMemory<byte> request, CancellationToken cancellationToken)
    {
        while (request.Length > 0)
        {
            request = request[await socket.SendAsync(request, SocketFlags.None, cancellationToken)..];
        }

        // :: Step 1: the head.
        int received = 0, head;
        while ((head = buffer.AsSpan(0, received).IndexOf("\r\n\r\n"u8)) < 0)
        {
            received += await ReceiveAsync(received, cancellationToken);
        }

        var (status, length) = Read(buffer.AsSpan(0, head));

        // :: Step 2: the body.
        var total = head + 4 + length;
        if (total > buffer.Length)
        {
            Array.Resize(ref buffer, total);
        }

        while (received < total)
        {
            received += await ReceiveAsync(received, cancellationToken);
        }

        return new HttpAnswer(status, buffer.AsMemory(0, head), buffer.AsMemory(head + 4, length));
    }

    public void Dispose() => socket.Dispose();

    private async ValueTask<int> ReceiveAsync(int received, CancellationToken cancellationToken)
    {
        var count = await socket.ReceiveAsync(buffer.AsMemory(received), SocketFlags.None, cancellationToken);
        return count > 0 ? count : throw new IOException("The server closed the connection.");
    }

    private static (int Status, int Length) Read(ReadOnlySpan<byte> head)
    {
        // HTTP/1.1 200 OK
        if (!Utf8Parser.TryParse(head[9..], out int status, out _))
        {
            throw new InvalidDataException("The answer has no status.");
        }

        var name = "\r\nContent-Length: "u8;
        var at = head.IndexOf(name);
        if (at >= 0 && Utf8Parser.TryParse(head[(at + name.Length)..], out int length, out _))
        {
            return (status, length);
        }

        return status is 204 or 304 ? (status, 0) : throw new InvalidDataException($"The answer, a {status}, has no length.");
    }
}
