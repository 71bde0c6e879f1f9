using System.IO.Pipelines;
using System.Net.WebSockets;
using Lockstep.Gateway.Http;
using Lockstep.Gateway.Metering;
using Microsoft.AspNetCore.Connections;

namespace Lockstep.Gateway.Pipeline;

/// <summary>
/// Sends a stream over a WebSocket: until the stream is over, the client closes or says anything, or the server stops. A client that takes nothing, or answers no ping, for
/// <see cref="HttpOptions.AnswerStallTime"/> is cut off.
/// </summary>
internal sealed class SocketWriter(HttpContext context, SocketAnswer answer, HttpOptions http, GatewayMetrics metrics, TimeProvider time)
{
    // For the client's part of the close, without which it could lose the last message.
    private static readonly TimeSpan CloseTime = TimeSpan.FromSeconds(5);

    private readonly TimeSpan patience = http.AnswerStallTime > TimeSpan.Zero ? http.AnswerStallTime : Timeout.InfiniteTimeSpan;

    // What came from the client.
    private bool closes;
    private bool speaks;

    /// <param name="stream">Writes events, and flushes what is to be sent.</param>
    /// <param name="cancellationToken">The client has gone, or the server stops.</param>
    public async Task RunAsync(Func<PipeWriter, CancellationToken, ValueTask> stream, CancellationToken cancellationToken)
    {
        using var socket = await context.WebSockets.AcceptWebSocketAsync(new WebSocketAcceptContext { KeepAliveInterval = answer.KeepAlive, KeepAliveTimeout = patience });
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var deaf = new CancellationTokenSource();
        var listening = ListenAsync(socket, over, deaf.Token);
        try
        {
            await stream(new SocketOutput((message, givenUp) => SendAsync(socket, message, givenUp), answer.Messages), over.Token);
            await CloseAsync(socket, WebSocketCloseStatus.NormalClosure, listening);
        }
        catch (OperationCanceledException) when (over.IsCancellationRequested && !context.RequestAborted.IsCancellationRequested)
        {
            // Where it is not the client's doing, the server stops, and the client connects elsewhere.
            await CloseAsync(socket, speaks ? WebSocketCloseStatus.InvalidMessageType : closes ? WebSocketCloseStatus.NormalClosure : WebSocketCloseStatus.EndpointUnavailable, listening);
        }
        catch (Exception e) when (IsOfTheConnection(e) || (e is OperationCanceledException && socket.State is WebSocketState.Aborted))
        {
            context.Abort();
        }
        finally
        {
            await deaf.CancelAsync();
            await listening;
        }
    }

    /// <summary>Ends the stream when the client closes, has gone, or says something. What it says then is not looked at.</summary>
    private async Task ListenAsync(WebSocket socket, CancellationTokenSource over, CancellationToken cancellationToken)
    {
        var buffer = new byte[256];
        try
        {
            while (!closes)
            {
                closes = (await socket.ReceiveAsync(buffer.AsMemory(), cancellationToken)).MessageType == WebSocketMessageType.Close;
                speaks |= !closes;
                await over.CancelAsync();
            }
        }
        catch (Exception e) when (IsOfTheConnection(e) || e is OperationCanceledException)
        {
            await over.CancelAsync();
        }
    }

    private async ValueTask SendAsync(WebSocket socket, ReadOnlyMemory<byte> message, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();

        // A socket whose sending is cancelled is aborted, and its client would see a broken connection in place of the answer to its close.
        var sending = socket.SendAsync(message, WebSocketMessageType.Text, endOfMessage: true, CancellationToken.None);
        if (sending.IsCompletedSuccessfully)
        {
            await sending;
            return;
        }

        try
        {
            await sending.AsTask().WaitAsync(patience, time, cancellationToken);
        }
        catch (TimeoutException e)
        {
            metrics.AnswerStalled();
            context.Abort();
            throw new OperationCanceledException("The client does not read.", new ConnectionAbortedException(e.Message, e));
        }
    }

    private async Task CloseAsync(WebSocket socket, WebSocketCloseStatus status, Task listening)
    {
        try
        {
            if (socket.State is WebSocketState.Open or WebSocketState.CloseReceived)
            {
                await socket.CloseOutputAsync(status, statusDescription: null, CancellationToken.None).WaitAsync(CloseTime, time);
                await listening.WaitAsync(CloseTime, time);
            }
            else if (socket.State is WebSocketState.Aborted)
            {
                context.Abort();
            }
        }
        catch (Exception e) when (IsOfTheConnection(e) || e is TimeoutException or OperationCanceledException)
        {
            // It does not matter to anybody any more.
        }
    }

    private static bool IsOfTheConnection(Exception e) => e is WebSocketException or IOException or ObjectDisposedException;
}
