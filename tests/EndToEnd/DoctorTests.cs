using Lockstep.Storage.PostgreSql.Testing;
using Lockstep.Testing;

namespace Lockstep.EndToEnd;

/// <summary>What <c>doctor</c> says, in the place of a server and beside one.</summary>
public sealed class DoctorTests : IAsyncLifetime
{
    private TestStorage storage = null!;

    public async Task InitializeAsync() => storage = await TestStorage.CreateAsync();

    public async Task DisposeAsync() => await storage.DisposeAsync();

    [NginxFact]
    public async Task Doctor_BehindNginx_SeesWhatArrives_TheCertificate_AndWhetherTheServerRuns()
    {
        var ports = FreePorts.Take(3);
        await using var nginx = await Nginx.StartAsync(
            $$"""
            server {
              listen 127.0.0.1:{{ports[0]}} ssl;
              ssl_certificate CERTIFICATE;
              ssl_certificate_key KEY;
              location / {
                proxy_pass http://127.0.0.1:{{ports[2]}};
                proxy_http_version 1.1;
                proxy_set_header Host $http_host;
                proxy_set_header X-Forwarded-For $remote_addr;
                proxy_set_header X-Forwarded-Proto $scheme;
              }
            }
            server {
              listen 127.0.0.1:{{ports[1]}};
              location / { proxy_pass http://127.0.0.1:{{ports[2]}}; }
            }
            """,
            ports[0]);
        string[] listens = ["--urls", $"http://127.0.0.1:{ports[2]}", "--http:trusted-proxies", "127.0.0.1"];

        // :: In the server's place. Nobody has signed nginx's certificate.
        var (code, output) = await DoctorAsync([.. listens, "--http:public-url", $"https://localhost:{ports[0]}"]);
        Assert.Equal(1, code);
        Assert.Contains($"ok       public URL: https://localhost:{ports[0]} leads here", output, StringComparison.Ordinal);
        Assert.Contains("ok       proxy: ", output, StringComparison.Ordinal);
        Assert.Contains("ok       clock: ", output, StringComparison.Ordinal);
        Assert.Contains("error    certificate: this machine does not trust", output, StringComparison.Ordinal);
        Assert.Contains("ok       settings: ", output, StringComparison.Ordinal);
        Assert.Contains(PostgresServer.IsChosen ? "Postgres:Connection: " : "data directory: ", output, StringComparison.Ordinal);

        // :: Through one that says nothing of the client
        (code, output) = await DoctorAsync([.. listens, "--http:public-url", $"http://localhost:{ports[1]}"]);
        Assert.Equal(1, code);
        Assert.Contains("error    proxy: the proxy sends no X-Forwarded-For", output, StringComparison.Ordinal);
        Assert.Contains("warning  proxy: the proxy speaks HTTP/1.0", output, StringComparison.Ordinal);

        // :: Elsewhere, and nowhere
        (_, output) = await DoctorAsync(["--urls", "http://127.0.0.1:0", "--http:public-url", $"http://localhost:{ports[1]}"]);
        Assert.Contains("error    public URL: ", output, StringComparison.Ordinal);

        // :: Beside the server
        var (server, _) = await ServerProcess.StartAsync(storage, [.. listens]);
        using (server)
        {
            (code, output) = await DoctorAsync([.. listens, "--http:public-url", $"http://localhost:{ports[1]}"]);
            Assert.True(code == 0, output);
            Assert.Contains($"ok       public URL: http://localhost:{ports[1]} answers", output, StringComparison.Ordinal);
            Assert.Contains("ok       proxy: the server runs", output, StringComparison.Ordinal);
            Assert.Contains(PostgresServer.IsChosen ? "ok       Postgres:Connection: PostgreSQL" : "ok       database: ", output, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Doctor_WithSettingsThatStopAServer_SaysWhich()
    {
        var (code, output) = await DoctorAsync(["--kinto:max-recrod-bytes", "1"]);

        Assert.Equal(1, code);
        Assert.Contains("error    settings: ", output, StringComparison.Ordinal);
        Assert.Contains("recrod", output, StringComparison.OrdinalIgnoreCase);
    }

    private Task<(int Code, string Output)> DoctorAsync(string[] settings) =>
        ServerProcess.RunAsync(["doctor", .. PostgresServer.IsChosen ? [] : new[] { "--data-directory", storage.Directory }, .. settings], environment: storage.Environment);
}
