using System.Net;
using System.Text;

namespace Lockstep.Gateway.Protocol;

/// <summary>Reads a stream of changes as HTML says, 9.2.6.</summary>
public sealed class EventReader : IDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    private readonly HttpResponseMessage response;
    private readonly StreamReader lines;

    private EventReader(HttpResponseMessage response, Stream stream) => (this.response, lines) = (response, new StreamReader(stream));

    /// <summary>What the client would go on from.</summary>
    public string LastId { get; private set; } = "";

    /// <summary>Milliseconds after which it would come back; 0 while it was not told.</summary>
    public int Retry { get; private set; }

    /// <summary>Comments so far.</summary>
    public int Comments { get; private set; }

    /// <param name="http">With the address, and whose it is.</param>
    /// <param name="path">Below <c>/v1</c>.</param>
    /// <param name="lastId">Where to go on from; null for the beginning of a stream.</param>
    public static async Task<EventReader> OpenAsync(HttpClient http, string path, string? lastId = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1" + path);
        request.Headers.Accept.ParseAdd("text/event-stream");
        if (lastId is not null)
        {
            request.Headers.Add("Last-Event-ID", lastId);
        }

        var answer = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead).WaitAsync(Deadline);
        Assert.True(answer.StatusCode == HttpStatusCode.OK, $"{answer.StatusCode}: {(answer.StatusCode == HttpStatusCode.OK ? "" : await answer.Content.ReadAsStringAsync())}");
        Assert.Equal("text/event-stream", answer.Content.Headers.ContentType!.ToString());
        return new EventReader(answer, await answer.Content.ReadAsStreamAsync()) { LastId = lastId ?? "" };
    }

    public static HttpClient Client(Uri address, string? authorization)
    {
        // A stream that is left is cut off, and not waited for.
        var http = new HttpClient(new SocketsHttpHandler { MaxResponseDrainSize = 0, ResponseDrainTimeout = TimeSpan.Zero }) { BaseAddress = address };
        if (authorization is not null)
        {
            http.DefaultRequestHeaders.TryAddWithoutValidation("Authorization", authorization);
        }

        return http;
    }

    /// <returns>Null when the stream has ended.</returns>
    public async Task<StreamEvent?> ReadAsync()
    {
        var (name, data, hasId) = ("", new StringBuilder(), false);
        while (await lines.ReadLineAsync().WaitAsync(Deadline) is { } line)
        {
            if (line.Length == 0)
            {
                if (data.Length > 0)
                {
                    return new StreamEvent(name, LastId, hasId, data.ToString());
                }

                (name, hasId) = ("", false);
                continue;
            }

            var colon = line.IndexOf(':', StringComparison.Ordinal);
            var value = colon < 0 ? "" : line[(colon + 1)..].TrimStart(' ');
            switch (colon < 0 ? line : line[..colon])
            {
                case "":
                    Comments++;
                    break;
                case "event":
                    name = value;
                    break;
                case "data":
                    data.Append(value);
                    break;
                case "id":
                    (LastId, hasId) = (value, true);
                    break;
                case "retry":
                    Retry = int.Parse(value);
                    break;
            }
        }

        return null;
    }

    /// <summary>The next event, which has to come.</summary>
    public async Task<StreamEvent> NextAsync() => await ReadAsync() ?? throw new InvalidOperationException("The stream has ended.");

    /// <summary>Reads until a record is told, that one included.</summary>
    public async Task<List<StreamEvent>> UntilAsync(string record)
    {
        var events = new List<StreamEvent>();
        do
        {
            events.Add(await NextAsync());
        }
        while (events[^1].Name.Length > 0 || events[^1].Record != record);
        return events;
    }

    /// <summary>Reads until the stream ends.</summary>
    public async Task<List<StreamEvent>> ToEndAsync()
    {
        var events = new List<StreamEvent>();
        while (await ReadAsync() is { } one)
        {
            events.Add(one);
        }

        return events;
    }

    public void Dispose()
    {
        lines.Dispose();
        response.Dispose();
    }
}
