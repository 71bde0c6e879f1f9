using System.Buffers;

namespace Lockstep.Gateway.Kinto.Live;

/// <summary>
/// The events of a stream as messages of a WebSocket: each one as a JSON object that has what the event has of <c>retry</c>, <c>id</c>, <c>event</c> and <c>data</c>. Comments are left out, since
/// WebSockets have pings of their own.
/// </summary>
internal static class EventMessages
{
    // Some events are long. What was made for one of these is not kept.
    private const int FirstBytes = 1 << 10;

    /// <param name="events">Whole events, as of <see cref="EventWriter"/>.</param>
    /// <returns>One message each, good until the next one is taken.</returns>
    public static IEnumerable<ReadOnlyMemory<byte>> Of(ReadOnlyMemory<byte> events)
    {
        var message = new ArrayBufferWriter<byte>(FirstBytes);
        while (events.Span.IndexOf("\n\n"u8) is >= 0 and var end)
        {
            message.ResetWrittenCount();
            if (Write(message, events.Span[..end]))
            {
                yield return message.WrittenMemory;
            }

            events = events[(end + 2)..];
        }
    }

    /// <returns>False for a comment.</returns>
    private static bool Write(ArrayBufferWriter<byte> message, ReadOnlySpan<byte> lines)
    {
        while (lines.Length > 0)
        {
            var end = lines.IndexOf((byte)'\n');
            var line = end < 0 ? lines : lines[..end];
            lines = end < 0 ? default : lines[(end + 1)..];
            if (line.IndexOf(": "u8) is > 0 and var colon)
            {
                // Neither ids nor names of events have anything that has to be escaped.
                var name = line[..colon];
                var value = line[(colon + 2)..];
                var isText = name.SequenceEqual("id"u8) || name.SequenceEqual("event"u8);
                message.Write(message.WrittenCount == 0 ? "{\""u8 : ",\""u8);
                message.Write(name);
                message.Write(isText ? "\":\""u8 : "\":"u8);
                message.Write(value);
                message.Write(isText ? "\""u8 : default);
            }
        }

        if (message.WrittenCount == 0)
        {
            return false;
        }

        message.Write("}"u8);
        return true;
    }
}
