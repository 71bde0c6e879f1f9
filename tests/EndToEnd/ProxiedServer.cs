using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Lockstep.Gateway.Protocol;
using Lockstep.Gateway.Sync15;
using Lockstep.Testing;

namespace Lockstep.EndToEnd;

/// <summary>One server for all proxies, as docs/operations/proxies.md sets it up, and the proxies with the configuration that the page has.</summary>
public sealed class ProxiedServer : IAsyncLifetime
{
    private const string Secret = "a secret of these tests that is long enough";

    // Proxies run as users of their own, who have to get through.
    private readonly TemporaryDirectory run = new();
    private TestStorage storage = null!;
    private ServerProcess server = null!;
    private Uri address = null!;

    /// <summary>Of the certificate that the proxies have, which is signed by itself.</summary>
    public string Thumbprint { get; private set; } = "";

    public string AuditFile => Path.Combine(storage.Directory, "audit.json");

    private string Socket => Path.Combine(run.Path, "lockstep.sock");

    public async Task InitializeAsync()
    {
        storage = await TestStorage.CreateAsync();
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(run.Path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute);
        }

        WriteCertificate();

        // The socket is everybody's here, so that no group has to be made.
        (server, address) = await ServerProcess.StartAsync(
            storage,
            [
                "--urls", $"http://127.0.0.1:0;http://unix:{Socket}", "--http:trusted-proxies", "127.0.0.1", "--http:path-base", "/sync", "--accounts:registration", "open",
                "--sync15:token-secrets", Secret, "--firefox-accounts:mode", "off", "--audit:json", AuditFile,
            ],
            ["sh", "-c", "umask 0000; exec \"$@\"", "sh"]);
    }

    public async Task DisposeAsync()
    {
        server.Dispose();
        await storage.DisposeAsync();
        run.Dispose();
    }

    /// <summary>A token for the storage of a user of Sync.</summary>
    public static (string Id, string Key) TokenOf(long user) =>
        new TokenSigner([Secret]).Sign(new SyncToken(user, TimeProvider.System.GetUtcNow().ToUnixTimeSeconds() + 3600, "a1b2c3"));

    /// <summary>Starts a proxy with the page's own block. It listens on the port when this returns.</summary>
    internal async Task<ProgramProcess> StartAsync(ProxyKind kind, int port)
    {
        var directory = Directory.CreateDirectory(Path.Combine(run.Path, kind.Language)).FullName;
        var configuration = kind.Around(Block(kind.Language), directory)
            .Replace("Listen 127.0.0.1:443", $"Listen 127.0.0.1:{port}", StringComparison.Ordinal)
            .Replace("listen 443", $"listen 127.0.0.1:{port}", StringComparison.Ordinal)
            .Replace("*:443", $"127.0.0.1:{port}", StringComparison.Ordinal)
            .Replace("bind :443", $"bind 127.0.0.1:{port}", StringComparison.Ordinal)
            .Replace("https://sync.example.org:443", $"https://localhost:{port}", StringComparison.Ordinal)
            .Replace("/etc/haproxy/sync.example.org.pem", Path.Combine(run.Path, "both.pem"), StringComparison.Ordinal)
            .Replace("/etc/ssl/sync.example.org.pem", Path.Combine(run.Path, "certificate.pem"), StringComparison.Ordinal)
            .Replace("/etc/ssl/sync.example.org.key", Path.Combine(run.Path, "key.pem"), StringComparison.Ordinal)
            .Replace("sync.example.org", "localhost", StringComparison.Ordinal)
            .Replace("/run/lockstep/lockstep.sock", Socket, StringComparison.Ordinal)
            .Replace("127.0.0.1:8888", address.Authority, StringComparison.Ordinal);
        var file = Path.Combine(directory, "configuration");
        await File.WriteAllTextAsync(file, configuration);
        var proxy = new ProgramProcess(
            [kind.Program, .. kind.Arguments(file, directory)],
            new Dictionary<string, string>(StringComparer.Ordinal) { ["HOME"] = directory, ["XDG_DATA_HOME"] = directory, ["XDG_CONFIG_HOME"] = directory });
        if (await Listening.BeginsAsync(port))
        {
            return proxy;
        }

        var said = proxy.Output;
        proxy.Dispose();
        throw new InvalidOperationException($"{kind.Program} does not listen: {said}");
    }

    /// <summary>The page's block of a language, of which it has one.</summary>
    private static string Block(string language)
    {
        var lines = MonitoringDocs.Lines("docs/operations/proxies.md").ToList();
        var begin = lines.IndexOf($"```{language}");
        Assert.True(begin >= 0, $"docs/operations/proxies.md has no block of {language}.");
        return string.Join('\n', lines.Skip(begin + 1).TakeWhile(static line => line != "```"));
    }

    private void WriteCertificate()
    {
        using var rsa = RSA.Create(2048);
        var now = TimeProvider.System.GetUtcNow();
        var request = new CertificateRequest("CN=localhost", rsa, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        request.CertificateExtensions.Add(names.Build());
        using var made = request.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
        Thumbprint = made.GetCertHashString();
        var (certificate, key) = (made.ExportCertificatePem() + "\n", rsa.ExportPkcs8PrivateKeyPem() + "\n");
        File.WriteAllText(Path.Combine(run.Path, "certificate.pem"), certificate);
        File.WriteAllText(Path.Combine(run.Path, "key.pem"), key);
        File.WriteAllText(Path.Combine(run.Path, "both.pem"), certificate + key);
    }
}
