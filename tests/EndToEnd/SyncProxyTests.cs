using Lockstep.Gateway.Sync15;
using Lockstep.Gateway.Sync15.Tests;
using Lockstep.Testing;

namespace Lockstep.EndToEnd;

/// <summary>Sync 1.5 behind real proxies, as the docs set them up: a signature holds for the host, port and path that the client has used.</summary>
public sealed class SyncProxyTests : IAsyncLifetime
{
    private const string Secret = "a secret of these tests that is long enough";
    private const string Prefix = "/firefox";
    private static readonly string[] Settings = ["--sync15:token-secrets", Secret, "--firefox-accounts:mode", "off", "--http:trusted-proxies", "127.0.0.1"];

    private readonly int port = FreePorts.Take(1)[0];
    private TestStorage storage = null!;

    public async Task InitializeAsync() => storage = await TestStorage.CreateAsync();

    public async Task DisposeAsync() => await storage.DisposeAsync();

    [NginxFact]
    public async Task Nginx_AtTheRootAndBelowAPath_PassesOnWhatWasSigned()
    {
        const string Forwarded =
            """
            proxy_http_version 1.1;
            proxy_set_header Host $host;
            proxy_set_header X-Forwarded-For $remote_addr;
            proxy_set_header X-Forwarded-Proto $scheme;
            proxy_set_header X-Forwarded-Host $http_host;
            """;
        var (server, address) = await ServerProcess.StartAsync(storage, Settings);
        using (server)
        {
            await using var nginx = await Nginx.StartAsync(
                $$"""
                server {
                  listen 127.0.0.1:{{port}};
                  location / { proxy_pass {{address.GetLeftPart(UriPartial.Authority)}}; {{Forwarded}} }
                  location {{Prefix}}/ { proxy_pass {{address}}; {{Forwarded}} proxy_set_header X-Forwarded-Prefix {{Prefix}}; }
                }
                """,
                port);
            await SyncAtTheRootAndBelowAPathAsync();
        }
    }

    [CaddyFact]
    public async Task Caddy_AtTheRootAndBelowAPath_PassesOnWhatWasSigned()
    {
        var (server, address) = await ServerProcess.StartAsync(storage, Settings);
        using (server)
        {
            var to = address.GetLeftPart(UriPartial.Authority);
            await using var caddy = await Caddy.StartAsync(
                $$"""
                http://127.0.0.1:{{port}} {
                  bind 127.0.0.1
                  handle_path {{Prefix}}/* {
                    reverse_proxy {{to}} {
                      header_up X-Forwarded-Prefix {{Prefix}}
                    }
                  }
                  handle {
                    reverse_proxy {{to}}
                  }
                }
                """,
                port);
            await SyncAtTheRootAndBelowAPathAsync();
        }
    }

    private async Task SyncAtTheRootAndBelowAPathAsync()
    {
        var at = new Uri($"http://127.0.0.1:{port}/");
        var time = TimeProvider.System;
        var (id, key) = new TokenSigner([Secret]).Sign(new SyncToken(7, time.GetUtcNow().ToUnixTimeSeconds() + 3600, "a1b2c3"));
        using var device = new SyncClient(at, 7, id, key, time);
        foreach (var prefix in new[] { "", Prefix })
        {
            var store = $"{prefix}/1.5/7";
            (await device.SendRawAsync("POST", $"{store}/storage/tabs", """[{"id":"a b","payload":"☃"}]""")).AssertOk();
            Assert.Equal(["a b"], (await device.SendRawAsync("GET", $"{store}/storage/tabs?ids=a%20b&full=1")).AssertOk().Ids);
            (await device.SendRawAsync("GET", $"{store}/info/collections")).AssertOk();
            (await device.SendRawAsync("DELETE", $"{store}/storage/tabs/a%20b")).AssertOk();

            // What was signed for the other path is no good here.
            var other = HawkSigner.Header(id, key, time.GetUtcNow().ToUnixTimeSeconds(), "GET", $"{(prefix.Length > 0 ? "" : Prefix)}/1.5/7/info/collections", at.Host, at.Port);
            Assert.Equal(401, (await device.SendRawAsync("GET", $"{store}/info/collections", body: null, ("Authorization", other))).Status);
        }
    }
}
