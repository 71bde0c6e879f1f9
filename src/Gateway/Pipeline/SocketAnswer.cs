namespace Lockstep.Gateway.Pipeline;

/// <summary>How a stream is sent over a WebSocket.</summary>
/// <param name="Messages">Turns what the stream has written between two flushes into text messages, in UTF-8. Each is sent before the next one is asked for.</param>
/// <param name="KeepAlive">How often the client is sent a ping, which it has to answer.</param>
public sealed record SocketAnswer(Func<ReadOnlyMemory<byte>, IEnumerable<ReadOnlyMemory<byte>>> Messages, TimeSpan KeepAlive);
