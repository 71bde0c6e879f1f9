using System.Net;

namespace Lockstep.Gateway.Sync15.TokenServer;

/// <summary>The one way to account servers and nodes: with a time-out, through the proxy if there is one, without redirects and cookies.</summary>
internal sealed class OtherServerClient : IDisposable
{
    private const int MaxAnswerBytes = 256 << 10;

    // The address of a name is looked up again after this.
    private static readonly TimeSpan ConnectionLifetime = TimeSpan.FromMinutes(5);

    private readonly HttpClient http;
    private readonly TimeSpan timeout;
    private readonly TimeProvider time;

    public OtherServerClient(Sync15Options options, TimeProvider time)
    {
        (timeout, this.time) = (options.IssuerTimeout, time);
        var handler = new SocketsHttpHandler
        {
            PooledConnectionLifetime = ConnectionLifetime,
            AllowAutoRedirect = false,
            UseCookies = false,
            ConnectTimeout = options.IssuerTimeout,
        };
        if (options.Proxy is { } proxy)
        {
            handler.Proxy = new WebProxy(proxy);
        }

        http = new HttpClient(handler) { MaxResponseContentBufferSize = MaxAnswerBytes, Timeout = Timeout.InfiniteTimeSpan };
    }

    /// <returns>Status and body.</returns>
    /// <exception cref="HttpRequestException">No answer.</exception>
    /// <exception cref="OperationCanceledException">None in time, or given up.</exception>
    public Task<(HttpStatusCode Status, byte[] Body)> SendAsync(HttpMethod method, string url, byte[]? json, CancellationToken cancellationToken) =>
        SendAsync(method, url, json, authorization: null, cancellationToken);

    /// <summary>As above, signed.</summary>
    public async Task<(HttpStatusCode Status, byte[] Body)> SendAsync(
        HttpMethod method, string url, byte[]? json, string? authorization, CancellationToken cancellationToken)
    {
        using var late = new CancellationTokenSource(timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellationToken);
        using var request = new HttpRequestMessage(method, url);
        request.Headers.Accept.ParseAdd("application/json");
        if (authorization is not null)
        {
            request.Headers.TryAddWithoutValidation("Authorization", authorization);
        }

        if (json is not null)
        {
            request.Content = new ByteArrayContent(json);
            request.Content.Headers.ContentType = new("application/json");
        }

        using var response = await http.SendAsync(request, either.Token);
        return (response.StatusCode, await response.Content.ReadAsByteArrayAsync(either.Token));
    }

    public void Dispose() => http.Dispose();
}
