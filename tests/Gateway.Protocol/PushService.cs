using System.Collections.Concurrent;
using System.Net;

namespace Lockstep.Gateway.Protocol;

/// <summary>A push service, in place of the network: keeps what is sent to it, and answers as it is told, else with 201.</summary>
internal sealed class PushService : HttpMessageHandler
{
    private readonly ConcurrentQueue<(HttpRequestMessage Request, byte[] Body)> sent = new();

    public ConcurrentQueue<Func<HttpResponseMessage>> Answers { get; } = new();

    public IReadOnlyList<(HttpRequestMessage Request, byte[] Body)> Sent => [.. sent];

    public void Answer(HttpStatusCode status, TimeSpan? retryAfter = null) => Answers.Enqueue(() => new HttpResponseMessage(status)
    {
        Headers = { RetryAfter = retryAfter is { } wait ? new System.Net.Http.Headers.RetryConditionHeaderValue(wait) : null },
    });

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        sent.Enqueue((request, await request.Content!.ReadAsByteArrayAsync(cancellationToken)));
        return Answers.TryDequeue(out var answer) ? answer() : new HttpResponseMessage(HttpStatusCode.Created);
    }
}
