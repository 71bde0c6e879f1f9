using System.Net;

namespace Lockstep.Gateway.Federation;

/// <summary>Sends all requests to issuers and to nodes of Sync: with a time-out, through the proxy if there is one, without redirects and cookies.</summary>
public sealed class OtherServerClient : IDisposable
{
    private const int MaxAnswerBytes = 256 << 10;

    // The address of a name is looked up again after this.
    private static readonly TimeSpan ConnectionLifetime = TimeSpan.FromMinutes(5);

    private readonly HttpClient http;
    private readonly TimeSpan timeout;
    private readonly TimeProvider time;

    /// <param name="timeout">How long an answer may take.</param>
    /// <param name="proxy">URL of the proxy; null for the one of the environment.</param>
    /// <param name="time">The clock.</param>
    public OtherServerClient(TimeSpan timeout, string? proxy, TimeProvider time)
    {
        (this.timeout, this.time) = (timeout, time);
        var handler = new SocketsHttpHandler
        {
            PooledConnectionLifetime = ConnectionLifetime,
            AllowAutoRedirect = false,
            UseCookies = false,
            ConnectTimeout = timeout,
        };
        if (proxy is not null)
        {
            handler.Proxy = new WebProxy(proxy);
        }

        http = new HttpClient(handler) { MaxResponseContentBufferSize = MaxAnswerBytes, Timeout = Timeout.InfiniteTimeSpan };
    }

    /// <returns>Status and body.</returns>
    /// <exception cref="HttpRequestException">No answer.</exception>
    /// <exception cref="OperationCanceledException">No answer in time, or cancelled.</exception>
    public Task<(HttpStatusCode Status, byte[] Body)> SendAsync(HttpMethod method, string url, byte[]? json, CancellationToken cancellationToken) =>
        SendAsync(method, url, json, authorization: null, cancellationToken);

    /// <summary>As above, signed.</summary>
    public Task<(HttpStatusCode Status, byte[] Body)> SendAsync(
        HttpMethod method, string url, byte[]? json, string? authorization, CancellationToken cancellationToken)
    {
        ByteArrayContent? content = null;
        if (json is not null)
        {
            content = new ByteArrayContent(json);
            content.Headers.ContentType = new("application/json");
        }

        return SendContentAsync(method, url, content, authorization, cancellationToken);
    }

    /// <summary>As above, with a form.</summary>
    public Task<(HttpStatusCode Status, byte[] Body)> PostAsync(
        string url, IEnumerable<KeyValuePair<string, string>> form, string? authorization, CancellationToken cancellationToken) =>
        SendContentAsync(HttpMethod.Post, url, new FormUrlEncodedContent(form), authorization, cancellationToken);

    private async Task<(HttpStatusCode Status, byte[] Body)> SendContentAsync(
        HttpMethod method, string url, HttpContent? content, string? authorization, CancellationToken cancellationToken)
    {
        using var late = new CancellationTokenSource(timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellationToken);
        using var request = new HttpRequestMessage(method, url) { Content = content };
        request.Headers.Accept.ParseAdd("application/json");
        if (authorization is not null)
        {
            request.Headers.TryAddWithoutValidation("Authorization", authorization);
        }

        using var response = await http.SendAsync(request, either.Token);
        return (response.StatusCode, await response.Content.ReadAsByteArrayAsync(either.Token));
    }

    public void Dispose() => http.Dispose();
}
