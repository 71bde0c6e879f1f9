using System.ComponentModel.DataAnnotations;
using Lockstep.Core.Owner;
using Lockstep.Core.Settings;
using Lockstep.Gateway.Accounts;
using Lockstep.Gateway.Audit;
using Lockstep.Gateway.Console;
using Lockstep.Gateway.FirefoxAccounts;
using Lockstep.Gateway.Http;
using Lockstep.Gateway.Kinto;
using Lockstep.Gateway.OpenId;
using Lockstep.Gateway.Sync11;
using Lockstep.Gateway.Sync15;
using Lockstep.Gateway.Syncto;
using Lockstep.Silo.Cluster;
using Lockstep.Silo.Telemetry;
using Lockstep.Storage.PostgreSql;

namespace Lockstep.Silo.Hosting;

/// <summary>
/// Everything that can be set. From <c>appsettings.json</c> (section <c>Lockstep</c>), then the environment
/// (<c>LOCKSTEP_DATA_DIRECTORY</c>, <c>LOCKSTEP_KINTO__READ_ONLY</c>), then the command line
/// (<c>--data-directory</c>, <c>--kinto:read-only</c>); the last one wins. docs/operations/configuration.md lists them. A new setting is a property here or in one of the
/// groups, with its default and its bounds, and a line in that list; a test compares the two.
/// </summary>
internal sealed record LockstepOptions
{
    /// <summary>What the process does. Default: all.</summary>
    public ServerRole Role { get; init; } = ServerRole.All;

    /// <summary>Directory of the SQLite database; made when missing. Not used with PostgreSQL. Default: <c>lockstep-data</c> under the current directory.</summary>
    public string DataDirectory { get; init; } = "lockstep-data";

    /// <summary>Addresses to listen on, separated by semicolons; <c>http://unix:/path</c> for a socket. Default: <c>http://127.0.0.1:8888</c>.</summary>
    public string Urls { get; init; } = "http://127.0.0.1:8888";

    /// <summary>Size of the database file in bytes from which writes are refused. Default: 0, no limit.</summary>
    [Bounds(0)]
    public long MaxDatabaseBytes { get; init; }

    /// <summary>
    /// Bytes of memory that requests may take together: the limits on bodies, answers, queues and sorts that are not set are shares of it.
    /// Default: 0, half of what the container or the machine gives, at most 1 GiB.
    /// </summary>
    [Bounds(0)]
    public long MemoryBudgetBytes { get; init; }

    /// <summary>How lines are logged: <c>json</c>, <c>text</c>, or <c>auto</c> for text on a terminal and JSON elsewhere. Default: auto.</summary>
    [AllowedValues("auto", "json", "text")]
    public string LogFormat { get; init; } = "auto";

    /// <summary>How long a stopping server waits for requests to end. Default: 25 seconds.</summary>
    [Bounds(0)]
    public TimeSpan ShutdownTimeout { get; init; } = TimeSpan.FromSeconds(25);

    public PostgresOptions Postgres { get; init; } = new();

    public ClusterSettings Cluster { get; init; } = new();

    public HttpOptions Http { get; init; } = new();

    public AccountOptions Accounts { get; init; } = new();

    public KintoOptions Kinto { get; init; } = new();

    public AuditOptions Audit { get; init; } = new();

    public ConsoleOptions Console { get; init; } = new();

    public OpenIdOptions OpenId { get; init; } = new();

    public Sync15Options Sync15 { get; init; } = new();

    public Sync11Options Sync11 { get; init; } = new();

    public SynctoOptions Syncto { get; init; } = new();

    public FirefoxAccountOptions FirefoxAccounts { get; init; } = new();

    public BucketOptions Buckets { get; init; } = new();

    public TelemetryOptions Telemetry { get; init; } = new();

    /// <summary>Whether this is a cluster of one process that nobody can join, as on SQLite.</summary>
    public bool IsAlone => Role is ServerRole.All && Postgres.Connection is not { Length: > 0 };

    /// <summary>Whether it serves Firefox accounts: if the settings say so, or if they say nothing and only this machine can reach it.</summary>
    public bool ServesAccounts => FirefoxAccounts.Mode is AccountServerMode.On
        || (FirefoxAccounts.Mode is AccountServerMode.Auto && IsAlone && Http is { PublicUrl: null, PathBase: null, TrustedProxies.Length: 0 } && FirefoxAccountOptions.IsLoopback(Urls)
            && (Sync15.HasOwnIssuer || Sync15 is { IsOn: false, Issuer.IsOn: false }));

    /// <summary>Whether it has owners of buckets.</summary>
    public bool HasSilo => Role is not ServerRole.Gateway;

    /// <summary>Whether it serves the API.</summary>
    public bool HasApi => Role is not ServerRole.Silo;

    /// <summary>Whether its measurements can be fetched over HTTP.</summary>
    public bool ShowsMetrics => HasApi && Kinto.Metrics != MetricsAccess.Off;

    /// <summary>The addresses that it listens on, and the settings that name them, for messages.</summary>
    public (string Addresses, string Settings) Listeners() => IsAlone || !HasSilo
        ? (Urls, "Urls")
        : ($"{Urls}, {Cluster.Address}:{Cluster.SiloPort} or {Cluster.Address}:{Cluster.GatewayPort}", "Urls, Cluster:SiloPort or Cluster:GatewayPort");
}
