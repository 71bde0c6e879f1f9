using System.Net;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;

namespace Lockstep.Gateway.Protocol;

/// <summary>Reads a stream of changes that comes over a WebSocket.</summary>
public sealed class SocketReader : IDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    private readonly ClientWebSocket socket;
    private string name = "";

    private SocketReader(ClientWebSocket socket) => this.socket = socket;

    /// <summary>What the client would go on from.</summary>
    public string LastId { get; private set; } = "";

    /// <summary>Milliseconds after which it would come back; 0 while it was not told.</summary>
    public int Retry { get; private set; }

    public WebSocketCloseStatus? CloseStatus => socket.CloseStatus;

    /// <param name="address">The server's.</param>
    /// <param name="path">Below <c>/v1</c>.</param>
    /// <param name="headers">Of the handshake.</param>
    /// <returns>The reader, or the status with which the handshake was refused.</returns>
    public static async Task<(SocketReader? Reader, HttpStatusCode Status)> TryOpenAsync(Uri address, string path, params (string Name, string Value)[] headers)
    {
        var opened = new ClientWebSocket();
        opened.Options.CollectHttpResponseDetails = true;
        foreach (var (header, value) in headers)
        {
            opened.Options.SetRequestHeader(header, value);
        }

        try
        {
            await opened.ConnectAsync(new Uri($"ws://{address.Authority}/v1{path}"), CancellationToken.None).WaitAsync(Deadline);
            return (new SocketReader(opened), opened.HttpStatusCode);
        }
        catch (WebSocketException)
        {
            var status = opened.HttpStatusCode;
            opened.Dispose();
            return (null, status);
        }
    }

    /// <returns>Null when the server has closed.</returns>
    public async Task<StreamEvent?> ReadAsync()
    {
        while (await ReceiveAsync() is { } text)
        {
            var message = JsonDocument.Parse(text).RootElement;
            var hasId = message.TryGetProperty("id", out var id);
            LastId = hasId ? id.GetString()! : LastId;
            Retry = message.TryGetProperty("retry", out var retry) ? retry.GetInt32() : Retry;
            name = message.TryGetProperty("event", out var kind) ? kind.GetString()! : "";
            if (message.TryGetProperty("data", out var data))
            {
                return new StreamEvent(name, LastId, hasId, data.GetRawText());
            }
        }

        return null;
    }

    public async Task<StreamEvent> NextAsync() => await ReadAsync() ?? throw new InvalidOperationException($"The server has closed: {CloseStatus}.");

    public Task SayAsync(string text) => socket.SendAsync(Encoding.UTF8.GetBytes(text), WebSocketMessageType.Text, endOfMessage: true, CancellationToken.None);

    /// <summary>Closes, and waits for the server's part of it.</summary>
    public Task CloseAsync() => socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, CancellationToken.None).WaitAsync(Deadline);

    public void Dispose() => socket.Dispose();

    private async Task<string?> ReceiveAsync()
    {
        var (text, buffer) = (new MemoryStream(), new byte[16 << 10]);
        while (true)
        {
            var received = await socket.ReceiveAsync(buffer.AsMemory(), CancellationToken.None).AsTask().WaitAsync(Deadline);
            if (received.MessageType == WebSocketMessageType.Close)
            {
                await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, CancellationToken.None);
                return null;
            }

            text.Write(buffer, 0, received.Count);
            if (received.EndOfMessage)
            {
                return Encoding.UTF8.GetString(text.ToArray());
            }
        }
    }
}
