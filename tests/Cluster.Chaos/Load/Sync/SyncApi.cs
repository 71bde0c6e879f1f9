using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Lockstep.Gateway.Sync15.Tests;
using Lockstep.Testing;

namespace Lockstep.Cluster.Chaos.Load.Sync;

/// <summary>
/// Sends one user's signed requests to any entrance, and judges each answer: what is not in the protocol's tables
/// (docs/protocol/sync15.md) is a violation, whatever is going on in the cluster. Stamps are hundredths of a second.
/// </summary>
internal sealed class SyncApi(long uid, IReadOnlyList<Entrance> entrances, Verdicts verdicts) : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);
    private readonly HttpClient http = new() { Timeout = Patience };
    private readonly SyncToken token = SyncToken.For(uid);

    public string Name => $"uid{uid}";

    /// <param name="method">GET, PUT, POST or DELETE.</param>
    /// <param name="path">What follows the user's root, with its query.</param>
    /// <param name="json">The body.</param>
    /// <param name="unmodifiedSince">For <c>X-If-Unmodified-Since</c>, in hundredths.</param>
    public async Task<Answer> SendAsync(string method, string path, string? json = null, long? unmodifiedSince = null)
    {
        var entrance = entrances[Random.Shared.Next(entrances.Count)];
        var target = $"/1.5/{uid.ToString(CultureInfo.InvariantCulture)}{path}";
        using var request = new HttpRequestMessage(new HttpMethod(method), new Uri(entrance.Url, target));

        // With content, if only an empty one: without it .NET sends a DELETE again when a connection breaks, and says nothing.
        request.Content = method is "GET" ? null : new StringContent(json ?? "", Encoding.UTF8, new MediaTypeHeaderValue("application/json"));
        request.Headers.TryAddWithoutValidation("Authorization", HawkSigner.Header(
            token.Id, token.Key, TimeProvider.System.GetUtcNow().ToUnixTimeSeconds(), method, target, entrance.Url.Host, entrance.Url.Port, nonce: $"{Random.Shared.Next():x}"));
        if (unmodifiedSince is { } stamp)
        {
            request.Headers.TryAddWithoutValidation("X-If-Unmodified-Since", Text(stamp));
        }

        var invoked = Stopwatch.GetTimestamp();
        var answer = await AnswerAsync(entrance, request, invoked);
        return answer with { Invoked = invoked, Returned = Stopwatch.GetTimestamp() };
    }

    /// <summary>Decimal seconds, as the protocol has them.</summary>
    public static string Text(long hundredths) => string.Create(CultureInfo.InvariantCulture, $"{hundredths / 100}.{hundredths % 100:00}");

    /// <summary>Hundredths of decimal seconds.</summary>
    public static long Hundredths(string seconds) => (long)(decimal.Parse(seconds, CultureInfo.InvariantCulture) * 100);

    public void Dispose() => http.Dispose();

    private async Task<Answer> AnswerAsync(Entrance entrance, HttpRequestMessage request, long invoked)
    {
        try
        {
            using var response = await http.SendAsync(request);
            return Judge(request, response, await response.Content.ReadAsStringAsync());
        }
        catch (HttpRequestException e)
        {
            verdicts.Check(entrance.Member?.WasInterruptedSince(invoked) is true, $"{request.Method} {request.RequestUri}: {e.HttpRequestError} {e.Message} though nobody broke connections");
            var fate = e.HttpRequestError is HttpRequestError.ConnectionError ? Fate.Refused : Fate.Unknown;
            verdicts.Count(fate, $"{e.HttpRequestError}");
            return new Answer(fate, 0, 0, default, 0, 0, null);
        }
        catch (TaskCanceledException)
        {
            verdicts.Violated($"{request.Method} {request.RequestUri} was not answered in {Patience}");
            verdicts.Count(Fate.Unknown, "no answer");
            return new Answer(Fate.Unknown, 0, 0, default, 0, 0, null);
        }
    }

    private Answer Judge(HttpRequestMessage request, HttpResponseMessage response, string text)
    {
        var status = (int)response.StatusCode;
        var fate = FateOf(request, status, response, text);
        if (fate is null)
        {
            verdicts.Violated($"{request.Method} {request.RequestUri}: {status} {text} is not in the protocol's tables");
        }

        verdicts.Count(fate ?? Fate.Unknown, $"{status} of Sync");
        var body = status is 200 or 202 ? JsonDocument.Parse(text).RootElement.Clone() : default;
        return new Answer(fate ?? Fate.Unknown, status, Header(response, "X-Last-Modified") is { } stamp ? Hundredths(stamp) : 0, body, 0, 0, Header(response, "X-Weave-Next-Offset"));
    }

    // 400 is the answer to a batch that is not there.
    private static Fate? FateOf(HttpRequestMessage request, int status, HttpResponseMessage response, string text) => (status, text) switch
    {
        (200 or 202, _) => Fate.Answered,
        (412, "0") => Fate.Answered,
        (404, "0") when request.Method != HttpMethod.Put && IsRecord(request) => Fate.Answered,
        (400, "1") when request.RequestUri!.Query.Contains("batch=", StringComparison.Ordinal) => Fate.Answered,
        (503, "0") when response.Headers.RetryAfter is not null => request.Method == HttpMethod.Get ? Fate.Refused : Fate.Unknown,
        _ => null,
    };

    // /1.5/{uid}/storage/{collection}/{record}
    private static bool IsRecord(HttpRequestMessage request) => request.RequestUri!.AbsolutePath.Count(static c => c == '/') == 5;

    private static string? Header(HttpResponseMessage response, string name) => response.Headers.TryGetValues(name, out var values) ? values.Single() : null;
}
