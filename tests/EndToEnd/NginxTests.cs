using System.Net;
using Lockstep.Gateway.Sync11.Tests;
using Lockstep.Testing;

namespace Lockstep.EndToEnd;

/// <summary>
/// Sync 1.1 behind a real nginx, as the instructions for the old server had it: below a prefix and over a unix socket; with TLS, a redirect and headers of its own; and below
/// <c>/sync/index.php/</c>, where Pale Moon looks by default.
/// </summary>
public sealed class NginxTests : IAsyncLifetime
{
    private const string Password = "a good password";
    private static readonly string[] Engines = ["clients", "bookmarks", "history", "tabs"];
    private static readonly string[] Settings = ["--sync11:enabled", "true", "--sync11:registration", "open", "--firefox-accounts:mode", "off", "--http:trusted-proxies", "127.0.0.1"];

    // Where workers of another user than the server's get to.
    private readonly TemporaryDirectory run = new();
    private readonly int port = FreePorts.Take(1)[0];
    private TestStorage storage = null!;

    private string Socket => Path.Combine(run.Path, "syncserver.sock");

    public async Task InitializeAsync()
    {
        storage = await TestStorage.CreateAsync();
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(run.Path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupRead | UnixFileMode.GroupExecute);
        }
    }

    public async Task DisposeAsync()
    {
        await storage.DisposeAsync();
        run.Dispose();
    }

    [NginxFact]
    public async Task Prefix_ThatNginxStrips_OverASocketOfItsGroup_IsServed_FromFirstSyncToSecondDevice()
    {
        var (server, _) = await ServerProcess.StartAsync(
            storage, [.. Settings, "--urls", $"http://unix:{Socket}", "--http:public-url", $"http://127.0.0.1:{port}/sync/"], ["sh", "-c", "umask 0007; exec \"$@\"", "sh"]);
        using (server)
        {
            // The server's own group is root's; the worker is somebody else, in that group.
            await using var nginx = await Nginx.StartAsync(
                $$"""
                server {
                  listen 127.0.0.1:{{port}};
                  location /sync/ {
                    rewrite ^/sync(.+)$ $1 break;
                    proxy_set_header Host $http_host;
                    proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
                    proxy_redirect off;
                    proxy_pass http://unix:{{Socket}};
                  }
                }
                """,
                port,
                "nobody root");
            var mode = OperatingSystem.IsWindows() ? default : File.GetUnixFileMode(Socket);
            Assert.Equal(UnixFileMode.None, mode & (UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute));
            Assert.NotEqual(UnixFileMode.None, mode & UnixFileMode.GroupWrite);

            await SyncTwoDevicesAsync(new Uri($"http://127.0.0.1:{port}/sync/"));

            // What an address further away says of itself is what the proxy adds to, and is known as the client.
            using var client = new WeaveClient(new Uri($"http://127.0.0.1:{port}/sync/"), WeaveClient.NameOf("far@example.org"), Password) { Email = "far@example.org" };
            (await client.SignUpAsync(("X-Forwarded-For", "203.0.113.7"))).AssertOk();
            await server.SaysAsync("made, from 203.0.113.7");
        }
    }

    [NginxFact]
    public async Task Socket_OfAnotherGroup_IsNotReached()
    {
        if (Environment.UserName is not "root")
        {
            return;
        }

        var (server, _) = await ServerProcess.StartAsync(
            storage, [.. Settings, "--urls", $"http://unix:{Socket}", "--http:public-url", $"http://127.0.0.1:{port}/"], ["sh", "-c", "umask 0007; exec \"$@\"", "sh"]);
        using (server)
        {
            await using var nginx = await Nginx.StartAsync($$"""server { listen 127.0.0.1:{{port}}; location / { proxy_pass http://unix:{{Socket}}; } }""", port, "nobody nogroup");
            using var http = new HttpClient();
            Assert.Equal(HttpStatusCode.BadGateway, (await http.GetAsync(new Uri($"http://127.0.0.1:{port}/user/1.0/a"))).StatusCode);
        }
    }

    [NginxFact]
    public async Task Prefix_OfPaleMoonsOwnServer_IsServed_StrippedInPartOrNotAtAll()
    {
        var url = new Uri($"http://127.0.0.1:{port}/sync/index.php/");
        var address = $"http://127.0.0.1:{FreePorts.Take(1)[0]}";
        var (server, _) = await ServerProcess.StartAsync(storage, [.. Settings, "--urls", address, "--http:public-url", url.AbsoluteUri, "--http:path-base", "/sync,/sync/index.php,/index.php"]);
        using (server)
        {
            await using var nginx = await Nginx.StartAsync(
                $$"""
                server {
                  listen 127.0.0.1:{{port}};
                  location /sync/ { proxy_pass {{address}}; proxy_set_header Host $http_host; }
                  location /stripped/ { rewrite ^/stripped/sync(.+)$ $1 break; proxy_pass {{address}}; proxy_set_header Host $http_host; }
                }
                """,
                port);

            await SyncTwoDevicesAsync(url);
            using var http = new HttpClient();
            foreach (var path in new[] { "sync/index.php/user/1.0/a", "sync/user/1.0/a", "stripped/sync/index.php/user/1.0/a", "stripped/sync/user/1.0/a", "sync/index.php/user/1.0/a/" })
            {
                Assert.Equal("0", await http.GetStringAsync(new Uri($"http://127.0.0.1:{port}/{path}")));
            }
        }
    }

    [NginxFact]
    public async Task Tls_OfACertificateSignedByItself_WithHeadersOfItsOwn_IsServed_AndPlainHttpIsSentThere()
    {
        var plain = FreePorts.Take(1)[0];
        var url = new Uri($"https://localhost:{port}/");
        var (server, _) = await ServerProcess.StartAsync(
            storage,
            [.. Settings, "--http:forwarded-for-header", "X-Real-IP", "--http:forwarded-proto-header", "X-Scheme", "--http:trusted-proxies", "127.0.0.1", "--urls", $"http://127.0.0.1:0;http://unix:{Socket}"]);
        using (server)
        {
            await using var nginx = await Nginx.StartAsync(
                $$"""
                server { listen 127.0.0.1:{{plain}}; return 301 https://localhost:{{port}}$request_uri; }
                server {
                  listen 127.0.0.1:{{port}} ssl;
                  ssl_certificate CERTIFICATE;
                  ssl_certificate_key KEY;
                  client_max_body_size 16m;
                  location / {
                    proxy_set_header Host $http_host;
                    proxy_set_header X-Real-IP $remote_addr;
                    proxy_set_header X-Scheme $scheme;
                    proxy_pass_header Server;
                    proxy_redirect off;
                    proxy_connect_timeout 10;
                    proxy_read_timeout 10;
                    proxy_pass http://unix:{{Socket}};
                  }
                }
                """,
                port);

            // Without Http:PublicUrl: what the proxy says of host and scheme is where clients are sent.
            await SyncTwoDevicesAsync(url);

            // A client over plain http is told to go elsewhere, by nginx; the server itself sends nobody anywhere.
            using var http = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false });
            using var moved = await http.GetAsync(new Uri($"http://127.0.0.1:{plain}/user/1.0/a"));
            Assert.Equal((HttpStatusCode.MovedPermanently, $"https://localhost:{port}/user/1.0/a"), (moved.StatusCode, moved.Headers.Location!.AbsoluteUri));

            // It is X-Real-IP that counts, and not what the client says.
            using var client = new WeaveClient(url, WeaveClient.NameOf("near@example.org"), Password) { Email = "near@example.org" };
            (await client.SignUpAsync(("X-Forwarded-For", "203.0.113.7"), ("X-Real-IP", "203.0.113.8"))).AssertOk();
            await server.SaysAsync("made, from 127.0.0.1");
            Assert.DoesNotContain("203.0.113", server.Output, StringComparison.Ordinal);

            // The largest POST, and a wipe, end within what nginx waits for.
            var records = Enumerable.Range(0, 100).Select(static i => WeaveClient.Wbo($"r{i}", new string('x', 10_000)));
            Assert.Equal(100, (await client.PostAsync("/storage/history", $"[{string.Join(',', records)}]")).AssertOk().Json.GetProperty("success").GetArrayLength());
            (await client.DeleteAsync("/storage", ("X-Confirm-Delete", "1"))).AssertWritten();
        }
    }

    [Fact]
    public async Task Port5000_WithoutAProxy_IsServedAsItWas()
    {
        var (server, _) = await ServerProcess.StartAsync(storage, [.. Settings, "--urls", $"http://*:{port}"]);
        using (server)
        {
            await SyncTwoDevicesAsync(new Uri($"http://127.0.0.1:{port}/"));
        }
    }

    /// <summary>A first device makes an account and uploads, a second one downloads by the recovery key; both below one URL, which the server names as it is.</summary>
    private static async Task SyncTwoDevicesAsync(Uri url)
    {
        var email = $"{Guid.NewGuid():N}@example.org";
        using var first = new Browser(url, email, Password);
        await first.CreateAccountAsync();
        for (var i = 0; i < 150; i++)
        {
            first.Change("history", $"h{i}", $"page {i}");
        }

        first.Change("bookmarks", "toolbar", "a folder");
        Assert.True(await first.SyncAsync(Engines));
        using var second = new Browser(url, email, Password) { RecoveryKey = first.RecoveryKey };
        Assert.True(await second.SyncAsync(Engines));
        Assert.Equal(first.Items, second.Items);

        using var client = new WeaveClient(url, WeaveClient.NameOf(email), Password);
        (await client.UserAsync("GET", "/node/weave")).AssertText(url.AbsoluteUri);
    }
}
