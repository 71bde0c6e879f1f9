using System.Globalization;
using Microsoft.Data.Sqlite;

namespace Lockstep.Storage.Sqlite.Schema;

/// <summary>Brings a database to the schema of this program: numbered scripts, each applied once, in one transaction.</summary>
internal static class SqliteSchema
{
    /// <summary>Number and text of each script, in order.</summary>
    public static IReadOnlyList<(int Number, string Name, string Sql)> Scripts { get; } = Load();

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

        foreach (var (number, _, sql) in Scripts.Where(script => script.Number > stored))
        {
            Execute(connection, sql);
            Execute(connection, $"INSERT INTO schema_version (version) VALUES ({number})");
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

    private static List<(int Number, string Name, string Sql)> Load()
    {
        var assembly = typeof(SqliteSchema).Assembly;
        const string marker = ".Scripts.";
        return [.. assembly.GetManifestResourceNames()
            .Where(resource => resource.EndsWith(".sql", StringComparison.Ordinal))
            .Select(resource =>
            {
                var name = resource[(resource.LastIndexOf(marker, StringComparison.Ordinal) + marker.Length)..];
                using var reader = new StreamReader(assembly.GetManifestResourceStream(resource)!);
                return (Number: int.Parse(name.AsSpan(0, 4), NumberStyles.None, CultureInfo.InvariantCulture), Name: name, Sql: reader.ReadToEnd());
            })
            .OrderBy(script => script.Number)];
    }
}
