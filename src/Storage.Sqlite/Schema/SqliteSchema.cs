using System.Globalization;
using System.Text.RegularExpressions;
using Microsoft.Data.Sqlite;

namespace Lockstep.Storage.Sqlite.Schema;

/// <summary>
/// Brings a database to the schema of this program: numbered scripts, each applied once, in one transaction. If older programs can work after a
/// script, its first line says so, and it is noted in a separate table, because 0.1.0 refuses a file whose table of versions has a number that it does not
/// know.
/// </summary>
internal static partial class SqliteSchema
{
    /// <summary>The scripts in order, each with the oldest program that works on its result.</summary>
    public static IReadOnlyList<(int Number, string Name, string Sql, int OldestProgram)> Scripts { get; } = Load();

    /// <exception cref="SqliteSchemaException">The database is newer than this program.</exception>
    public static void Apply(SqliteConnection connection)
    {
        using var transaction = connection.BeginTransaction();
        Execute(connection, "CREATE TABLE IF NOT EXISTS schema_version (version INTEGER NOT NULL PRIMARY KEY, applied TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP)");
        var stored = Convert.ToInt32(Scalar(connection, "SELECT coalesce(max(version), 0) FROM schema_version"), CultureInfo.InvariantCulture);
        if (stored > Scripts[^1].Number)
        {
            throw new SqliteSchemaException(
                $"'{connection.DataSource}' has schema {stored}, this program knows up to {Scripts[^1].Number}. Run the newer program, or restore a backup made before the upgrade.");
        }

        Execute(connection, "CREATE TABLE IF NOT EXISTS schema_additions (version INTEGER NOT NULL PRIMARY KEY, applied TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP)");
        foreach (var (number, _, sql, oldest) in Scripts)
        {
            if (Scalar(connection, $"SELECT 1 FROM schema_version WHERE version = {number} UNION ALL SELECT 1 FROM schema_additions WHERE version = {number}") is null)
            {
                Execute(connection, sql);
                Execute(connection, $"INSERT INTO {(oldest < number ? "schema_additions" : "schema_version")} (version) VALUES ({number})");
            }
        }

        transaction.Commit();
    }

    public static void Execute(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    public static object? Scalar(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteScalar();
    }

    private static List<(int Number, string Name, string Sql, int OldestProgram)> Load()
    {
        var assembly = typeof(SqliteSchema).Assembly;
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
                return (Number: number, Name: name, Sql: sql, OldestProgram: oldest.Success ? int.Parse(oldest.Groups["number"].ValueSpan, CultureInfo.InvariantCulture) : number);
            })
            .OrderBy(script => script.Number)];
    }

    [GeneratedRegex("^-- oldest program: (?<number>[0-9]+)$", RegexOptions.Multiline | RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex OldestProgram();
}
