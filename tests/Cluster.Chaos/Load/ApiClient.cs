using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Lockstep.Testing;

namespace Lockstep.Cluster.Chaos.Load;

/// <summary>
/// Sends one account's requests to any entrance, and judges each answer: what is not in the protocol's tables
/// (docs/protocol/kinto.md, KintoErrors) is a violation, whatever is going on in the cluster.
/// </summary>
internal sealed class ApiClient : IDisposable
{
    private const int Unavailable = 503;
    private const int Backend = 201;

    // Longer than all time-outs behind it together: who waits longer was forgotten.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);
    private readonly HttpClient http = new() { Timeout = Patience };
    private readonly IReadOnlyList<Entrance> entrances;
    private readonly Verdicts verdicts;

    public ApiClient(string name, IReadOnlyList<Entrance> entrances, Verdicts verdicts)
    {
        (Name, this.entrances, this.verdicts) = (name, entrances, verdicts);
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{name}:{Password}")));
    }

    /// <summary>The account.</summary>
    public string Name { get; }

    private static string Password => "s3cr3t";

    /// <summary>Makes the account. What went wrong before may still be felt, and is no matter of whoever comes now.</summary>
    public async Task RegisterAsync()
    {
        using var patience = new CancellationTokenSource(Patience);
        var refused = false;
        while (true)
        {
            using var content = JsonContent.Create(new { data = new { password = Password } });
            using var answer = await http.PutAsync(new Uri(entrances[0].Url, $"/v1/accounts/{Name}"), content, patience.Token);
            if (answer.StatusCode != HttpStatusCode.ServiceUnavailable)
            {
                // 401: a try that was refused had made it all the same.
                Assert.True(answer.StatusCode is HttpStatusCode.Created || (refused && answer.StatusCode is HttpStatusCode.Unauthorized), $"{answer.StatusCode} for a new account.");
                return;
            }

            refused = true;
            await RealTime.PassAsync(Pause, patience.Token);
        }
    }

    /// <param name="method">GET, HEAD, PUT or DELETE.</param>
    /// <param name="path">Path and query.</param>
    /// <param name="json">The body.</param>
    /// <param name="ifMatch">A stamp for <c>If-Match</c>.</param>
    /// <param name="ifNoneMatch">A value for <c>If-None-Match</c>, with its quotes.</param>
    public async Task<Answer> SendAsync(string method, string path, string? json = null, long? ifMatch = null, string? ifNoneMatch = null)
    {
        var entrance = entrances[Random.Shared.Next(entrances.Count)];
        using var request = new HttpRequestMessage(new HttpMethod(method), new Uri(entrance.Url, path));

        // With content, if only an empty one: without it .NET sends a DELETE again when a connection breaks, and says nothing.
        request.Content = method is "PUT" or "DELETE" ? new StringContent(json ?? "", Encoding.UTF8, "application/json") : null;
        if (ifMatch is { } stamp)
        {
            request.Headers.TryAddWithoutValidation("If-Match", $"\"{stamp}\"");
        }

        if (ifNoneMatch is not null)
        {
            request.Headers.TryAddWithoutValidation("If-None-Match", ifNoneMatch);
        }

        var invoked = Stopwatch.GetTimestamp();
        var answer = await AnswerAsync(entrance, request, invoked);
        var answered = answer with { Invoked = invoked, Returned = Stopwatch.GetTimestamp() };
        return answered;
    }

    /// <summary>Opens a stream, which its reader judges.</summary>
    public Task<HttpResponseMessage> OpenAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
        http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);

    public void Dispose() => http.Dispose();

    private async Task<Answer> AnswerAsync(Entrance entrance, HttpRequestMessage request, long invoked)
    {
        try
        {
            using var response = await http.SendAsync(request);
            var text = await response.Content.ReadAsStringAsync();
            return Judge(request, response, text);
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
        var body = Parse(text);
        var stamp = long.TryParse(response.Headers.ETag?.Tag.Trim('"'), out var tag) ? tag : 0;
        var next = response.Headers.TryGetValues("Next-Page", out var page) ? new Uri(page.Single()).PathAndQuery : null;
        var fate = FateOf(status, response, body);
        if (fate is null)
        {
            verdicts.Violated($"{request.Method} {request.RequestUri}: {status} {text} is not in the protocol's tables");
        }

        verdicts.Count(fate ?? Fate.Unknown, $"{status} {(body.ValueKind is JsonValueKind.Object && body.TryGetProperty("message", out var message) ? message : text)}");
        return new Answer(fate ?? Fate.Unknown, status, stamp, body, 0, 0, next);
    }

    private static JsonElement Parse(string text)
    {
        try
        {
            return text.Length == 0 ? default : JsonDocument.Parse(text).RootElement.Clone();
        }
        catch (JsonException)
        {
            return default;
        }
    }

    /// <returns>Null when there is no such answer to what clients here ask.</returns>
    private static Fate? FateOf(int status, HttpResponseMessage response, JsonElement body)
    {
        if (status is 200 or 201 or 304)
        {
            return Fate.Answered;
        }

        // A HEAD has no body to look at.
        if (body.ValueKind is JsonValueKind.Undefined && response.RequestMessage!.Method == HttpMethod.Head)
        {
            return status is Unavailable ? Fate.Refused : status is 404 ? Fate.Answered : null;
        }

        if (body.ValueKind is not JsonValueKind.Object || !body.TryGetProperty("errno", out var number) || !body.TryGetProperty("code", out var code) || code.GetInt32() != status)
        {
            return null;
        }

        return (status, number.GetInt32()) switch
        {
            (403, 121) or (404, 110) or (404, 111) or (412, 114) => Fate.Answered,
            (Unavailable, Backend) => FateOfUnavailable(response, body.GetProperty("message").GetString()!),
            _ => null,
        };
    }

    private static Fate? FateOfUnavailable(HttpResponseMessage response, string message) => (response.Headers.RetryAfter is not null, message) switch
    {
        (true, "The storage is not available; nothing was changed. Please retry later.") => Fate.Refused,
        (true, "Service temporary unavailable due to overloading or maintenance, please retry later.") => Fate.Refused,

        // While a silo hangs all devices of a user wait at once, and each keeps room.
        (true, "There is no room for the answer now; nothing was done. Please retry later.") => Fate.Refused,
        (false, "The storage was lost while writing; whether the change was stored is not known. Read before you write again.") => Fate.Unknown,
        _ => null,
    };
}
