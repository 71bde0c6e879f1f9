using System.Net;
using System.Net.Security;
using Lockstep.Gateway.Accounts;
using Lockstep.Gateway.FirefoxAccounts;
using Lockstep.Gateway.Http;
using Lockstep.Gateway.Kinto;
using Lockstep.Gateway.Kinto.Attachments;
using Lockstep.Silo.Doctor;
using Lockstep.Silo.Hosting;
using Lockstep.Storage.PostgreSql;

namespace Lockstep.Gateway.Protocol;

/// <summary>What <c>doctor</c> makes of what it sees.</summary>
public sealed class DoctorTests
{
    private static readonly DateTimeOffset Now = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private static readonly LockstepOptions OnPostgres = new() { Postgres = new PostgresOptions { Connection = "Host=db" } };

    private static readonly PostgresState Sound = new(
        "Postgres:Connection", "db:5432/lockstep", new Version(15, 4),
        new Dictionary<string, string>
        {
            ["fsync"] = "on", ["full_page_writes"] = "on", ["synchronous_commit"] = "on", ["default_transaction_isolation"] = "read committed",
            ["max_connections"] = "100", ["superuser_reserved_connections"] = "3", ["idle_in_transaction_session_timeout"] = "0",
        },
        "UTF8", IsStandby: false, IsReadOnly: false, Connections: 5, TimeSpan.Zero, PostgresState.NewestSchema, Servers: 1, MayWrite: true, MayCreate: true);

    private static readonly HttpOptions Behind = new() { PublicUrl = "https://sync.example.org", TrustedProxies = "127.0.0.1" };

    private static readonly Dictionary<string, string> Forwarded = new(StringComparer.OrdinalIgnoreCase)
    {
        ["Host"] = "sync.example.org", ["X-Forwarded-For"] = "192.0.2.1", ["X-Forwarded-Proto"] = "https",
    };

    [Fact]
    public void Postgres_AsItShouldBe_IsOk_AndEachThingThatIsNotIsSaid()
    {
        Assert.Equal(["ok"], Levels(PostgresExamination.Examine(OnPostgres, Sound)));
        Said("error", "15 or later", PostgresExamination.Examine(OnPostgres, Sound with { Version = new Version(14, 1) }));
        Said("error", "a standby", PostgresExamination.Examine(OnPostgres, Sound with { IsStandby = true }));
        Said("error", "SQL_ASCII", PostgresExamination.Examine(OnPostgres, Sound with { Encoding = "SQL_ASCII" }));
        Said("error", "serializable", PostgresExamination.Examine(OnPostgres, With("default_transaction_isolation", "serializable")));
        Said("error", "fsync is off", PostgresExamination.Examine(OnPostgres, With("fsync", "off")));
        Said("error", "full_page_writes is off", PostgresExamination.Examine(OnPostgres, With("full_page_writes", "off")));
        Said("error", "synchronous_commit is off", PostgresExamination.Examine(OnPostgres, With("synchronous_commit", "off")));
        Said("warning", "synchronous_commit is local", PostgresExamination.Examine(OnPostgres, With("synchronous_commit", "local")));
        Said("error", "may not read and write", PostgresExamination.Examine(OnPostgres, Sound with { MayWrite = false }));
        Said("warning", "Make a backup before", PostgresExamination.Examine(OnPostgres, Sound with { Schema = 3 }));
        Said("error", "Run 'migrate'", PostgresExamination.Examine(OnPostgres, Sound with { Schema = 3, MayCreate = false }));
        Said("warning", "takes 97 connections", PostgresExamination.Examine(OnPostgres, Sound with { Servers = 3 }));
        Said("error", "Raise max_connections", PostgresExamination.Examine(OnPostgres, Sound with { Servers = 5 }));
        Said("warning", "idle_in_transaction_session_timeout is 5s", PostgresExamination.Examine(OnPostgres, With("idle_in_transaction_session_timeout", "5s")));
        Said("error", "60.0 s behind", PostgresExamination.Examine(OnPostgres, Sound with { Ahead = TimeSpan.FromMinutes(-1) }));
        Said("warning", "2.0 s ahead", PostgresExamination.Examine(OnPostgres, Sound with { Ahead = TimeSpan.FromSeconds(2) }));

        static PostgresState With(string setting, string value) => Sound with { Settings = new Dictionary<string, string>(Sound.Settings) { [setting] = value } };
    }

    [Fact]
    public void Proxy_ThatPassesOnWhatItShould_IsOk_AndEachThingThatItDoesNotIsSaid()
    {
        Assert.Equal(["ok"], Levels(Proxy(Behind)));
        Assert.Equal(["ok"], Levels(Proxy(Behind, from: "::ffff:127.0.0.1")));
        Assert.Equal(["ok"], Levels(Proxy(Behind, from: null)));
        Assert.Equal(["ok"], Levels(ProxyExamination.Examine(
            new HttpOptions { PublicUrl = "http://localhost:8888" }, new SeenRequest(IPAddress.Loopback, "HTTP/1.1", "/v1/", new Dictionary<string, string> { ["Host"] = "localhost:8888" }), "/v1/")));
        Said("warning", "Set Http:TrustedProxies to 127.0.0.1", Proxy(Behind with { TrustedProxies = "" }));
        Said("error", "requests come from 10.0.0.7", Proxy(Behind, from: "10.0.0.7"));
        Said("error", "sends no X-Forwarded-For", Proxy(Behind, ("X-Forwarded-For", null)));
        Said("warning", "X-Forwarded-Proto 'http'", Proxy(Behind, ("X-Forwarded-Proto", "http")));
        Said("warning", "told the host '127.0.0.1:8888'", Proxy(Behind, ("Host", "127.0.0.1:8888")));
        Assert.Equal(["ok"], Levels(Proxy(Behind, ("Host", "127.0.0.1:8888"), ("X-Forwarded-Host", "sync.example.org"))));
        Said("warning", "HTTP/1.0", ProxyExamination.Examine(Behind, new SeenRequest(IPAddress.Loopback, "HTTP/1.0", "/v1/", Forwarded), "/v1/"));
        Said("warning", "Http:PathBase is set", ProxyExamination.Examine(Behind with { PathBase = "/sync" }, new SeenRequest(IPAddress.Loopback, "HTTP/1.1", "/v1/", Forwarded), "/sync/v1/"));
    }

    [Theory]
    [InlineData(100, 0, "ok")]
    [InlineData(10, 0, "warning")]
    [InlineData(-1, 0, "error")]
    [InlineData(100, (int)SslPolicyErrors.RemoteCertificateNameMismatch, "error")]
    [InlineData(100, (int)SslPolicyErrors.RemoteCertificateChainErrors, "error")]
    public void Certificate_IsJudgedByItsEndItsNameAndItsIssuer(int days, int fault, string level) =>
        Assert.Equal([level], Levels([PublicUrlExamination.OfCertificate(Now.AddDays(-100), Now.AddDays(days), (SslPolicyErrors)fault, Now)]));

    [Fact]
    public void Clocks_MayDifferByTheSecondsThatAnAnswerTakes()
    {
        Assert.Equal(["ok"], Levels([PublicUrlExamination.OfClock(TimeSpan.FromSeconds(-4))]));
        Said("warning", "60 s ahead", [PublicUrlExamination.OfClock(TimeSpan.FromMinutes(1))]);
    }

    [Fact]
    public void Machine_ThatGivesTooLittle_IsSaid()
    {
        Assert.Equal(["ok", "ok"], Levels(MachineExamination.Examine(new LockstepOptions(), 4L << 30, ["Max open files            1048576              1048576              files     "])));
        Said("warning", "Lower MemoryBudgetBytes", MachineExamination.Examine(new LockstepOptions { MemoryBudgetBytes = 1L << 30 }, 1L << 30, []));
        Said("warning", "LimitNOFILE", MachineExamination.Examine(new LockstepOptions(), 4L << 30, ["Max open files            1024                 4096                 files     "]));
    }

    [Fact]
    [System.Runtime.Versioning.SupportedOSPlatform("linux")]
    public void Directories_AndFiles_ThatCannotBeUsed_AreSaid()
    {
        const UnixFileMode own = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
        var directory = Directory.CreateTempSubdirectory("lockstep-doctor-").FullName;
        try
        {
            var data = Directory.CreateDirectory(Path.Combine(directory, "data"), own).FullName;
            var options = new LockstepOptions { DataDirectory = data };

            // Nobody makes files there, not even root.
            Has("error", "data directory", "'/proc/data' cannot be written", DiskExamination.Examine(options with { DataDirectory = "/proc/data" }));
            Has("error", "attachments", "'/proc/files' cannot be written", DiskExamination.Examine(options with { Kinto = new KintoOptions { Attachments = new AttachmentOptions { Directory = "/proc/files" } } }));
            Has("error", "account key", "cannot be read", DiskExamination.Examine(
                options with { FirefoxAccounts = new FirefoxAccountOptions { Mode = AccountServerMode.On, KeyFile = Path.Combine(directory, "none.key") } }));
            Assert.DoesNotContain(DiskExamination.Examine(options), static one => one.Text.Contains("others on this machine", StringComparison.Ordinal));
            Assert.Empty(Directory.EnumerateFileSystemEntries(data));

            File.WriteAllText(Path.Combine(data, "lockstep.db"), new string('x', 4096));
            File.SetUnixFileMode(data, own | UnixFileMode.OtherRead);
            var found = DiskExamination.Examine(options with { MaxDatabaseBytes = 4096 }).ToList();
            Has("error", "database", "Restore a backup", found);
            Has("warning", "data directory", "of MaxDatabaseBytes", found);
            Has("warning", "data directory", "others on this machine can look into", found);
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }

        static void Has(string level, string subject, string text, IEnumerable<Diagnosis> found) => Assert.Contains(
            found, one => one.Level.ToString().Equals(level, StringComparison.OrdinalIgnoreCase) && one.Subject == subject && one.Text.Contains(text, StringComparison.Ordinal));
    }

    [Fact]
    public void Settings_ThatAreUnsafeOnceOthersReachTheServer_AreSaid_AndThoseOfATryAreNot()
    {
        Assert.Equal(["ok"], Levels(Settings(new LockstepOptions { Kinto = new KintoOptions { Flush = true } })));
        Assert.Equal(["ok"], Levels(Settings(new LockstepOptions { Http = Behind })));
        Said("warning", "everybody who reaches the server may make an account", Settings(new LockstepOptions { Http = Behind, Accounts = new AccountOptions { Registration = Registration.Open } }));
        Said("warning", "without encryption", Settings(new LockstepOptions { Urls = "http://*:8888" }));
        Said("warning", "Http:TrustedProxies is not", Settings(new LockstepOptions { Http = Behind with { TrustedProxies = "" } }));
        Said("warning", "trusts everybody", Settings(new LockstepOptions { Http = Behind with { TrustedProxies = "0.0.0.0/0" } }));
        Said("warning", "Kinto:Flush is on", Settings(new LockstepOptions { Http = Behind, Kinto = new KintoOptions { Flush = true } }));
        Said("warning", "Kinto:Metrics shows", Settings(new LockstepOptions { Http = Behind, Kinto = new KintoOptions { Metrics = MetricsAccess.Everyone } }));
        Said("warning", "a socket is for a proxy", Settings(new LockstepOptions { Urls = "http://unix:/run/lockstep.sock" }));
        Said("warning", "DataDirectory has no effect", SettingsExamination.Examine(OnPostgres, static name => name == "DataDirectory"));
    }

    private static IEnumerable<Diagnosis> Settings(LockstepOptions options) => SettingsExamination.Examine(options, static _ => false);

    private static IEnumerable<Diagnosis> Proxy(HttpOptions http, params (string Name, string? Value)[] headers) => Proxy(http, "127.0.0.1", headers);

    private static IEnumerable<Diagnosis> Proxy(HttpOptions http, string? from, params (string Name, string? Value)[] headers)
    {
        var sent = new Dictionary<string, string>(Forwarded, StringComparer.OrdinalIgnoreCase);
        foreach (var (name, value) in headers)
        {
            sent.Remove(name);
            if (value is not null)
            {
                sent.Add(name, value);
            }
        }

        return ProxyExamination.Examine(http, new SeenRequest(from is null ? null : IPAddress.Parse(from), "HTTP/1.1", "/v1/", sent), "/v1/");
    }

    private static IEnumerable<string> Levels(IEnumerable<Diagnosis> found) => found.Select(static one => one.Level.ToString().ToLowerInvariant());

    private static void Said(string level, string text, IEnumerable<Diagnosis> found)
    {
        var one = Assert.Single(found, one => one.Level != DiagnosisLevel.Ok);
        Assert.Equal(level, one.Level.ToString().ToLowerInvariant());
        Assert.Contains(text, one.Text, StringComparison.Ordinal);
    }
}
