using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Lockstep.Gateway.Sync15.Tests;
using Lockstep.Storage.Contract;
using Lockstep.Testing;

namespace Lockstep.EndToEnd;

/// <summary>Each proxy of docs/operations/proxies.md, with the configuration that the page has: at the root over TCP, and under a path over a unix socket.</summary>
public sealed class ProxyGuideTests(ProxiedServer server) : IClassFixture<ProxiedServer>
{
    private const long SyncUser = 7;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    private readonly int port = FreePorts.Take(1)[0];

    [ProxyFact("nginx")]
    public Task Nginx_AsTheGuideHasIt_PassesEverythingOn() => CheckAsync(ProxyKind.Nginx);

    [ProxyFact("caddyfile")]
    public Task Caddy_AsTheGuideHasIt_PassesEverythingOn() => CheckAsync(ProxyKind.Caddy);

    [ProxyFact("apache")]
    public Task Apache_AsTheGuideHasIt_PassesEverythingOn() => CheckAsync(ProxyKind.Apache);

    [ProxyFact("haproxy")]
    public Task HaProxy_AsTheGuideHasIt_PassesEverythingOn() => CheckAsync(ProxyKind.HaProxy);

    private async Task CheckAsync(ProxyKind kind)
    {
        using var proxy = await server.StartAsync(kind, port);
        try
        {
            foreach (var prefix in new[] { "", "/sync" })
            {
                using var http = Client();
                var user = $"{kind.Language}{prefix.Length}";
                await ServesItsUrlOverHttp2Async(http, prefix);
                await PassesOnWhatWasSignedAsync(http, prefix);
                var authorization = Basic(user, "s3cr3t");
                using (await SendAsync(http, HttpMethod.Put, $"{prefix}/v1/accounts/{user}", """{"data":{"password":"s3cr3t"}}""", authorization, HttpStatusCode.Created))
                {
                }

                await StreamsAsync(http, prefix, authorization);
                await UploadsAsync(http, prefix, authorization);
                await TellsTheClientsAddressAsync(http, prefix, user);
            }
        }
        finally
        {
            proxy.Terminate();
            await proxy.EndAsync();
        }
    }

    private HttpClient Client() => new(new SocketsHttpHandler
    {
        SslOptions = new() { RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate?.GetCertHashString() == server.Thumbprint },
    })
    {
        BaseAddress = new Uri($"https://localhost:{port}"),
        DefaultRequestVersion = HttpVersion.Version20,
        DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
        Timeout = Patience,
    };

    private async Task ServesItsUrlOverHttp2Async(HttpClient http, string prefix)
    {
        using var root = await SendAsync(http, HttpMethod.Get, $"{prefix}/v1/");
        Assert.Equal(HttpVersion.Version20, root.Version);
        using var body = JsonDocument.Parse(await root.Content.ReadAsStringAsync());
        Assert.Equal($"https://localhost:{port}{prefix}/v1/", body.RootElement.GetProperty("url").GetString());
    }

    private async Task PassesOnWhatWasSignedAsync(HttpClient http, string prefix)
    {
        var (id, key) = ProxiedServer.TokenOf(SyncUser);
        string Signed(string method, string target) => HawkSigner.Header(id, key, TimeProvider.System.GetUtcNow().ToUnixTimeSeconds(), method, target, "localhost", port);
        foreach (var record in new[] { "a%20b", "a%2Fb", "%7Ba%7D", "a%2520b" })
        {
            var target = $"{prefix}/1.5/{SyncUser}/storage/tabs/{record}?a=%2F+%20";
            using (await SendAsync(http, HttpMethod.Put, target, """{"payload":"☃"}""", Signed("PUT", target)))
            {
            }

            using var read = await SendAsync(http, HttpMethod.Get, target, body: null, Signed("GET", target));
            using var found = JsonDocument.Parse(await read.Content.ReadAsStringAsync());
            Assert.Equal(Uri.UnescapeDataString(record), found.RootElement.GetProperty("id").GetString());
        }

        var here = $"{prefix}/1.5/{SyncUser}/info/collections";
        var elsewhere = $"{(prefix.Length > 0 ? "" : "/sync")}/1.5/{SyncUser}/info/collections";
        using (await SendAsync(http, HttpMethod.Get, here, body: null, Signed("GET", elsewhere), HttpStatusCode.Unauthorized))
        {
        }
    }

    private static async Task StreamsAsync(HttpClient http, string prefix, string authorization)
    {
        var records = $"{prefix}/v1/buckets/default/collections/tasks/records";
        using var patience = new CancellationTokenSource(Patience);
        using var asking = Request(http, HttpMethod.Get, $"{records}?_since=0", body: null, authorization);
        asking.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("text/event-stream"));
        using (await SendAsync(http, HttpMethod.Put, $"{records}/a", "{}", authorization, HttpStatusCode.Created))
        {
        }

        using var stream = await http.SendAsync(asking, HttpCompletionOption.ResponseHeadersRead, patience.Token);
        Assert.Equal("text/event-stream", stream.Content.Headers.ContentType?.MediaType);
        using var events = new StreamReader(await stream.Content.ReadAsStreamAsync(patience.Token), Encoding.UTF8);
        await UntilAsync(events, "\"a\"", patience.Token);

        // Written only once the stream is read, and seen while that is open.
        using (await SendAsync(http, HttpMethod.Put, $"{records}/seen-at-once", "{}", authorization, HttpStatusCode.Created))
        {
        }

        await UntilAsync(events, "seen-at-once", patience.Token);
    }

    private static async Task UntilAsync(StreamReader events, string text, CancellationToken cancellationToken)
    {
        string? line;
        do
        {
            line = await events.ReadLineAsync(cancellationToken);
            Assert.NotNull(line);
        }
        while (!line.Contains(text, StringComparison.Ordinal));
    }

    private static async Task UploadsAsync(HttpClient http, string prefix, string authorization)
    {
        var bytes = new byte[9 << 20];
        new Random(1).NextBytes(bytes);
        using var form = new MultipartFormDataContent();
        using var file = new ByteArrayContent(bytes);
        file.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
        form.Add(file, "attachment", "file.bin");
        using var request = Request(http, HttpMethod.Post, $"{prefix}/v1/buckets/default/collections/files/records/f/attachment", body: null, authorization);
        request.Content = form;
        using var answer = await http.SendAsync(request);
        Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
        using var told = JsonDocument.Parse(await answer.Content.ReadAsStringAsync());
        var url = told.RootElement.GetProperty("location").GetString()!;
        Assert.StartsWith($"https://localhost:{http.BaseAddress!.Port}{prefix}/", url, StringComparison.Ordinal);
        var read = await http.GetByteArrayAsync(new Uri(url));
        Assert.True(bytes.AsSpan().SequenceEqual(read));
    }

    private async Task TellsTheClientsAddressAsync(HttpClient http, string prefix, string user)
    {
        using var request = Request(http, HttpMethod.Get, $"{prefix}/v1/buckets/default", body: null, Basic(user, "a wr0ng one"));
        foreach (var (name, value) in new[] { ("X-Forwarded-For", "203.0.113.7"), ("X-Real-IP", "203.0.113.7"), ("X-Forwarded-Host", "evil.example"), ("X-Forwarded-Prefix", "/evil") })
        {
            request.Headers.Add(name, value);
        }

        using var answer = await http.SendAsync(request);
        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
        string? line = null;
        await Eventually.HoldsAsync("noted", () =>
        {
            line = Lines().FirstOrDefault(line => line.Contains("\"AuthFail\"", StringComparison.Ordinal) && line.Contains($"\"account:{user}\"", StringComparison.Ordinal));
            return Task.FromResult(line is not null);
        });
        Assert.Contains("\"address\":\"127.0.0.1\"", line, StringComparison.Ordinal);

        // Nor the URLs that answers name.
        using var root = Request(http, HttpMethod.Get, $"{prefix}/v1/", body: null, authorization: null);
        root.Headers.Add("X-Forwarded-Host", "evil.example");
        root.Headers.Add("X-Forwarded-Prefix", "/evil");
        using var rooted = await http.SendAsync(root);
        Assert.DoesNotContain("evil", await rooted.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    private static string Basic(string name, string password) => "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes($"{name}:{password}"));

    /// <summary>Only what ends with a line end was written whole.</summary>
    private string[] Lines()
    {
        if (!File.Exists(server.AuditFile))
        {
            return [];
        }

        using var file = new FileStream(server.AuditFile, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        using var reader = new StreamReader(file);
        var text = reader.ReadToEnd();
        return text[..(text.LastIndexOf('\n') + 1)].Split('\n');
    }

    private static async Task<HttpResponseMessage> SendAsync(
        HttpClient http, HttpMethod method, string target, string? body = null, string? authorization = null, HttpStatusCode expected = HttpStatusCode.OK)
    {
        using var request = Request(http, method, target, body, authorization);
        var answer = await http.SendAsync(request);
        Assert.True(answer.StatusCode == expected, $"{method} {target}: {(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync()}");
        return answer;
    }

    private static HttpRequestMessage Request(HttpClient http, HttpMethod method, string target, string? body, string? authorization)
    {
        // As it is: escapes that need not be would be taken out.
        var request = new HttpRequestMessage(method, new Uri(http.BaseAddress!.GetLeftPart(UriPartial.Authority) + target, new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true }))
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        request.Content = body is null ? null : new StringContent(body, Encoding.UTF8, "application/json");
        if (authorization is not null)
        {
            request.Headers.TryAddWithoutValidation("Authorization", authorization);
        }

        return request;
    }
}
