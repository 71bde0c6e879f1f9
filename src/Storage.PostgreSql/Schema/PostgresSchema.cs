using System.Globalization;
using System.Text.RegularExpressions;
using Lockstep.Storage.PostgreSql.Connections;
using Npgsql;

namespace Lockstep.Storage.PostgreSql.Schema;

/// <summary>
/// Brings a database to the schema of this program. Invariants:
/// <list type="number">
/// <item>All missing scripts are applied in one transaction under one lock. Of many processes at once, one applies them, and the others wait and find them
/// applied. A script that fails leaves the schema as it was.</item>
/// <item>Each version names the oldest program that works on it. So programs of two versions run side by side
/// during an upgrade, and a program that would misread the tables does not start.</item>
/// </list>
/// </summary>
internal static partial class PostgresSchema
{
    public static IReadOnlyList<SchemaScript> Scripts { get; } = Load();

    /// <summary>Applies the missing scripts.</summary>
    /// <param name="connection">An open connection.</param>
    /// <param name="scripts">All scripts of this program, in order.</param>
    /// <param name="migrate">Whether it may change the schema; otherwise it only checks it.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>The version of the database afterwards. It is newer than this program's if a later program was there before.</returns>
    /// <exception cref="PostgresSetupException">The schema is too new, or too old and must not be changed.</exception>
    public static async Task<int> ApplyAsync(
        NpgsqlConnection connection, IReadOnlyList<SchemaScript> scripts, bool migrate, CancellationToken cancellationToken)
    {
        if (await StateAsync(connection, cancellationToken) is { } known && Check(known, scripts))
        {
            return known.Version;
        }

        if (!migrate)
        {
            throw new PostgresSetupException(
                $"The database's schema is older than this program's ({scripts[^1].Number}). Run the command 'migrate' with a role that may change it, or set Postgres:Migrate to true.");
        }

        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await ExecuteAsync(connection, PostgresConnections.WithoutTimeouts, cancellationToken);
        await ExecuteAsync(connection, $"SELECT pg_advisory_xact_lock({AdvisoryLocks.Schema})", cancellationToken);
        await ExecuteAsync(connection, VersionTable, cancellationToken);
        var state = await StateAsync(connection, cancellationToken) ?? new State(0, 0);
        if (!Check(state, scripts))
        {
            foreach (var script in scripts.Where(script => script.Number > state.Version))
            {
                await ExecuteAsync(connection, script.Sql, cancellationToken);
                await ExecuteAsync(
                    connection, $"INSERT INTO schema_version (version, oldest_program) VALUES ({script.Number}, {script.OldestProgram})", cancellationToken);
            }
        }

        await transaction.CommitAsync(cancellationToken);
        return Math.Max(state.Version, scripts[^1].Number);
    }

    private const string VersionTable =
        """
        CREATE TABLE IF NOT EXISTS schema_version (
            version        integer NOT NULL PRIMARY KEY,
            oldest_program integer NOT NULL,
            applied        timestamptz NOT NULL DEFAULT clock_timestamp()
        )
        """;

    /// <returns>Whether there is nothing to do.</returns>
    private static bool Check(State state, IReadOnlyList<SchemaScript> scripts)
    {
        var own = scripts[^1].Number;
        return state.OldestProgram > own
            ? throw new PostgresSetupException(
                $"The database has schema {state.Version}, which needs a program that knows schema {state.OldestProgram} or later; this one knows up to {own}. Run the newer program, or restore a backup made before the upgrade.")
            : state.Version >= own;
    }

    private static async Task<State?> StateAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var exists = new NpgsqlCommand("SELECT to_regclass('schema_version') IS NOT NULL", connection);
        if (await exists.ExecuteScalarAsync(cancellationToken) is not true)
        {
            return null;
        }

        await using var read = new NpgsqlCommand("SELECT coalesce(max(version), 0), coalesce(max(oldest_program), 0) FROM schema_version", connection);
        await using var reader = await read.ExecuteReaderAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        return new State(reader.GetInt32(0), reader.GetInt32(1));
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 0 };
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private static List<SchemaScript> Load()
    {
        var assembly = typeof(PostgresSchema).Assembly;
        const string marker = ".Scripts.";
        return [.. assembly.GetManifestResourceNames()
            .Where(resource => resource.EndsWith(".sql", StringComparison.Ordinal))
            .Select(resource =>
            {
                var name = resource[(resource.LastIndexOf(marker, StringComparison.Ordinal) + marker.Length)..];
                using var reader = new StreamReader(assembly.GetManifestResourceStream(resource)!);
                var number = int.Parse(name.AsSpan(0, 4), NumberStyles.None, CultureInfo.InvariantCulture);
                var sql = reader.ReadToEnd();
                var oldest = OldestProgram().Match(sql);
                return new SchemaScript(number, name, sql, oldest.Success ? int.Parse(oldest.Groups["number"].ValueSpan, CultureInfo.InvariantCulture) : number);
            })
            .OrderBy(script => script.Number)];
    }

    [GeneratedRegex("^-- oldest program: (?<number>[0-9]+)$", RegexOptions.Multiline | RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex OldestProgram();

    private sealed record State(int Version, int OldestProgram);
}
