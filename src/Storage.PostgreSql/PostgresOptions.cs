using Lockstep.Core.Settings;
using System.Globalization;

namespace Lockstep.Storage.PostgreSql;

/// <summary>The database, and how much of it this process may use.</summary>
public sealed record PostgresOptions
{
    internal const string HomeSetting = "Postgres:Connection";

    /// <summary>
    /// Npgsql connection string, <c>Host=db;Database=lockstep;Username=lockstep;Passfile=/run/secrets/pgpass</c>, or a URI,
    /// <c>postgresql://lockstep@db/lockstep?passfile=/run/secrets/pgpass</c>. Null: SQLite.
    /// </summary>
    [Secret]
    public string? Connection { get; init; }

    /// <summary>
    /// Connections to further databases, which hold buckets only, numbered from "1"; <see cref="Connection"/> is
    /// number 0. They are keys and not a list, so that a missing number is noticed. Default: none.
    /// </summary>
    [Secret]
    public IReadOnlyDictionary<string, string> Shards { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>Maximal connections of this process to each database; at least 10. Default: 20.</summary>
    [Bounds(PostgresDatabase.MinConnections)]
    public int MaxConnections { get; init; } = 20;

    /// <summary>
    /// How long a statement may take before it is given up. The server ends it earlier by a tenth of this time, at most a second.
    /// Default: 10 seconds.
    /// </summary>
    [Bounds(1, Reason = "It is counted in whole seconds.")]
    public TimeSpan CommandTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a read waits for one of the connections. Default: 5 seconds.</summary>
    [Bounds(BoundsAttribute.Millisecond)]
    public TimeSpan ConnectionWait { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// How long after its last confirmed renewal (one each second) this process still answers from memory. Where another process writes to
    /// the same bucket, such an answer can be this old. Default: 3 seconds.
    /// </summary>
    [Bounds(2, Reason = "It is renewed each second.")]
    public TimeSpan LeaseTime { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>
    /// How long a write to a bucket that another transaction has locked is retried, and how long a statement waits for any lock.
    /// Default: 5 seconds.
    /// </summary>
    [Bounds(BoundsAttribute.Millisecond)]
    public TimeSpan LockTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// How long this process asks for the fate of a lost commit before its callers hear "not known"; never longer than they wait
    /// (<c>Buckets:AnswerTime</c>). Default: 15 seconds.
    /// </summary>
    [Bounds(BoundsAttribute.Millisecond)]
    public TimeSpan DecisionTimeout { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>If the wall clocks of this process and the database differ by more, the process is not healthy. Default: 10 seconds.</summary>
    [Bounds(BoundsAttribute.Millisecond)]
    public TimeSpan MaxClockDifference { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Bytes of records that one transaction takes from many buckets. A commit above a quarter of it goes alone. Default: 4 MiB.</summary>
    [Bounds(1)]
    public int MaxGroupBytes { get; init; } = 4 << 20;

    /// <summary>Whether schema changes are made at start, or only by the command <c>migrate</c>. Default: at start.</summary>
    public bool Migrate { get; init; } = true;

    /// <summary>Whether statements are prepared. Turn it off for a pooler that does not support that. Default: on.</summary>
    public bool PreparedStatements { get; init; } = true;

    /// <summary>The time after which the server ends a statement. It is shorter than <see cref="CommandTimeout"/>, so that it is known that nothing was done.</summary>
    internal TimeSpan StatementTimeout => OnTheServer(CommandTimeout);

    /// <summary>The server's time-out for a statement that is given up after the given time.</summary>
    internal static TimeSpan OnTheServer(TimeSpan here) => here - (here / 10 < TimeSpan.FromSeconds(1) ? here / 10 : TimeSpan.FromSeconds(1));

    /// <summary>The setting that names this one database, for messages.</summary>
    internal string Setting { get; init; } = HomeSetting;

    /// <summary>The options of each database by itself, in the order of their numbers.</summary>
    /// <exception cref="PostgresSetupException">A number is missing or invalid.</exception>
    internal IReadOnlyList<PostgresOptions> Databases()
    {
        var alone = this with { Shards = new Dictionary<string, string>(StringComparer.Ordinal) };
        var databases = new List<PostgresOptions> { alone };
        for (var number = 1; number <= Shards.Count; number++)
        {
            var setting = FormattableString.Invariant($"Postgres:Shards:{number}");
            databases.Add(Shards.TryGetValue(number.ToString(CultureInfo.InvariantCulture), out var connection) && connection is { Length: > 0 }
                ? alone with { Connection = connection, Setting = setting }
                : throw new PostgresSetupException(
                    $"{setting} is not set. The further databases are numbered 1, 2, 3 and so on without a gap; Postgres:Connection is number 0."));
        }

        return databases;
    }
}
