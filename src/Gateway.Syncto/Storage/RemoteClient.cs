using System.Net;
using System.Net.Http.Headers;
using Lockstep.Gateway.Http;
using Lockstep.Gateway.Sync15;

namespace Lockstep.Gateway.Syncto.Storage;

/// <summary>
/// The one way to other servers: with a time-out, a longest answer, and a most of requests at a time, fairly by where they come from;
/// without redirects, which would carry a token elsewhere, and without cookies.
/// </summary>
internal sealed partial class RemoteClient : IDisposable
{
    // The address of a name is looked up again after this.
    private static readonly TimeSpan ConnectionLifetime = TimeSpan.FromMinutes(5);

    private readonly HttpClient http;
    private readonly SharedBudget places;
    private readonly SynctoOptions options;
    private readonly TimeProvider time;
    private readonly ILogger<RemoteClient> logger;

    public RemoteClient(SynctoOptions options, Sync15Options sync, TimeProvider time, ILogger<RemoteClient> logger)
    {
        (this.options, this.time, this.logger) = (options, time, logger);
        places = new SharedBudget(options.MaxRemoteRequests);
        var handler = new SocketsHttpHandler
        {
            PooledConnectionLifetime = ConnectionLifetime,
            AllowAutoRedirect = false,
            UseCookies = false,
            ConnectTimeout = options.RemoteTimeout,
        };
        if (sync.Proxy is { } proxy)
        {
            handler.Proxy = new WebProxy(proxy);
        }

        http = new HttpClient(handler) { MaxResponseContentBufferSize = options.MaxRemoteAnswerBytes, Timeout = Timeout.InfiniteTimeSpan };
    }

    /// <summary>Bytes that an answer can have.</summary>
    public int MaxAnswerBytes => options.MaxRemoteAnswerBytes;

    public TimeProvider Time => time;

    /// <param name="who">Whom it is counted for.</param>
    /// <param name="method">The method.</param>
    /// <param name="url">Whole.</param>
    /// <param name="json">The body; null for none.</param>
    /// <param name="headers">Those of the request beside what every one has.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>Null when there is no answer, or none in time, or one that is too long.</returns>
    public async ValueTask<RemoteAnswer?> SendAsync(
        string who, string method, Uri url, byte[]? json, IEnumerable<(string Name, string Value)> headers, CancellationToken cancellationToken)
    {
        if (!places.TryTake(who, 1))
        {
            return null;
        }

        try
        {
            using var late = new CancellationTokenSource(options.RemoteTimeout, time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellationToken);
            using var request = new HttpRequestMessage(new HttpMethod(method), url);
            request.Headers.Accept.ParseAdd("application/json");
            foreach (var (name, value) in headers)
            {
                request.Headers.TryAddWithoutValidation(name, value);
            }

            if (json is not null)
            {
                request.Content = new ByteArrayContent(json);
                request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
            }

            using var response = await http.SendAsync(request, either.Token);
            var body = await response.Content.ReadAsByteArrayAsync(either.Token);
            var found = response.Headers.NonValidated;
            Dictionary<string, string> all = new(StringComparer.OrdinalIgnoreCase);
            foreach (var (name, values) in found)
            {
                all[name] = values.ToString();
            }

            return new RemoteAnswer(response.StatusCode, body, name => all.GetValueOrDefault(name));
        }
        catch (Exception e) when (e is HttpRequestException or IOException or OperationCanceledException && !cancellationToken.IsCancellationRequested)
        {
            LogAway(url.Host, e.GetType().Name);
            return null;
        }
        finally
        {
            places.Release(who, 1);
        }
    }

    public void Dispose() => http.Dispose();

    [LoggerMessage(62, LogLevel.Debug, "A request of Syncto to {Host} was not answered: {Reason}. Check Syncto:TokenServerUrl, the network, and Sync15:Proxy.")]
    private partial void LogAway(string host, string reason);
}
