using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Lockstep.Silo.Cluster;
using Lockstep.Silo.Hosting;
using Lockstep.Gateway.Http;
using Lockstep.Storage.PostgreSql;
using Lockstep.Storage.PostgreSql.Testing;

namespace Lockstep.Cluster.Tests;

/// <summary>Who has no certificate of the cluster's authority is no member.</summary>
public sealed class TlsTests : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(4);

    private readonly string directory = Directory.CreateTempSubdirectory("lockstep-test-").FullName;
    private readonly Members members = new();
    private LockstepOptions options = new() { Urls = "http://127.0.0.1:0", Http = new HttpOptions { DrainTime = TimeSpan.Zero } };

    public async Task InitializeAsync() =>
        options = options with { Postgres = new PostgresOptions { Connection = await PostgresServer.CreateDatabaseAsync() } };

    public async Task DisposeAsync()
    {
        await members.DisposeAsync();
        await PostgresServer.DropDatabaseAsync(options.Postgres.Connection!);
        Directory.Delete(directory, recursive: true);
    }

    [Fact]
    public async Task Members_OfOneAuthority_MakeUpACluster()
    {
        var tls = Issue("own", Authority("own"));
        await members.AddAsync(With(tls, ServerRole.Silo));
        await members.AddAsync(With(Issue("second", Authority("own")), ServerRole.Silo));
        var gateway = await members.AddAsync(With(Issue("gateway", Authority("own")), ServerRole.Gateway));

        using var http = new HttpClient();
        using var ready = await http.GetAsync(new Uri(new Uri(gateway.Urls.First()), "/health/ready"));
        Assert.Equal(System.Net.HttpStatusCode.OK, ready.StatusCode);
    }

    [Theory]
    [InlineData("another authority")]
    [InlineData("no certificate")]
    public async Task Gateway_WithoutACertificateOfTheAuthority_GetsNoAnswer(string what)
    {
        await members.AddAsync(With(Issue("own", Authority("own")), ServerRole.Silo));
        var stranger = With(what is "no certificate" ? new ClusterTls() : Issue("stranger", Authority("stranger")), ServerRole.Gateway);
        using var patience = new CancellationTokenSource(Patience);

        await Assert.ThrowsAnyAsync<Exception>(() => members.AddAsync(stranger, cancellationToken: patience.Token));
        Assert.True(patience.IsCancellationRequested, "It gave up by itself, for another reason.");
    }

    [Fact]
    public void Files_ThatDoNotFit_AreRefusedAtStart()
    {
        var own = Issue("own", Authority("own"));
        var other = Issue("other", Authority("other"));

        Assert.Throws<SettingsException>(() => new MutualTls(own with { Authority = other.Authority }));
        Assert.Throws<SettingsException>(() => new MutualTls(own with { Key = other.Key }));
        Assert.Throws<SettingsException>(() => new MutualTls(own with { Authority = own.Key }));
        Assert.NotNull(new MutualTls(own));
    }

    private readonly Dictionary<string, X509Certificate2> authorities = [];

    private LockstepOptions With(ClusterTls tls, ServerRole role) => options with { Role = role, Cluster = new ClusterSettings { Tls = tls } };

    private X509Certificate2 Authority(string name)
    {
        if (!authorities.TryGetValue(name, out var authority))
        {
            using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            var request = new CertificateRequest($"CN={name} authority", key, HashAlgorithmName.SHA256);
            request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: false, 0, critical: true));
            authority = authorities[name] = request.CreateSelfSigned(Now.AddDays(-1), Now.AddDays(1));
        }

        return authority;
    }

    private static DateTimeOffset Now => TimeProvider.System.GetUtcNow();

    private ClusterTls Issue(string name, X509Certificate2 authority)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        using var certificate = request.Create(authority, Now.AddHours(-1), Now.AddHours(1), RandomNumberGenerator.GetBytes(8));
        return new ClusterTls
        {
            Certificate = Write($"{name}.crt", certificate.ExportCertificatePem()),
            Key = Write($"{name}.key", key.ExportPkcs8PrivateKeyPem()),
            Authority = Write($"{name}.authority.crt", authority.ExportCertificatePem()),
        };
    }

    private string Write(string name, string pem)
    {
        var path = Path.Combine(directory, name);
        File.WriteAllText(path, pem);
        return path;
    }
}
