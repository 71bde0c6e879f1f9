using Microsoft.Net.Http.Headers;

namespace Lockstep.Gateway.Kinto.Live;

/// <summary>Who wants a stream. HTML, 9.2: server-sent events.</summary>
internal static class EventStreams
{
    public const string MediaType = "text/event-stream";

    /// <summary>What a browser sends when it comes back, whose <c>EventSource</c> does so by itself.</summary>
    public const string LastEventId = "Last-Event-ID";

    /// <param name="accept">As in the header; empty for none.</param>
    /// <returns>Whether a stream is wanted more than JSON: it has the greater weight, or the same and is named first.</returns>
    public static bool IsPreferred(string accept)
    {
        if (!accept.Contains(MediaType, StringComparison.OrdinalIgnoreCase) || !MediaTypeHeaderValue.TryParseList([accept], out var types))
        {
            return false;
        }

        var (events, json) = (0.0, 0.0);
        var isFirst = false;
        foreach (var type in types)
        {
            var weight = type.Quality ?? 1;
            if (type.MediaType.Equals(MediaType, StringComparison.OrdinalIgnoreCase))
            {
                (events, isFirst) = (weight, json == 0);
            }
            else if (type.MatchesAllTypes || (type.Type.Equals("application", StringComparison.OrdinalIgnoreCase) && (type.MatchesAllSubTypes || type.SubType.Equals("json", StringComparison.OrdinalIgnoreCase))))
            {
                json = Math.Max(json, weight);
            }
        }

        return events > json || (events > 0 && events == json && isFirst);
    }
}
