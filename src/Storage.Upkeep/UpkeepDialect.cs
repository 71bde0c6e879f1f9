namespace Lockstep.Storage.Upkeep;

/// <summary>The differences between the engines.</summary>
/// <param name="NamesParameters">Whether <c>$1</c> is a parameter's name, and not its position.</param>
/// <param name="BeginRead">Begins a transaction whose reads see one snapshot.</param>
/// <param name="BeginWrite">Begins a transaction that writes.</param>
/// <param name="KeepServersOut">In such a transaction: keeps servers from beginning to use the database until it ends. Null if a lock of the caller does that.</param>
/// <param name="CountServers">Counts the servers that use the database. Null if a lock of the caller rules them out.</param>
/// <param name="FindFaults">Makes the engine look for damage. Returns a row <c>ok</c>, or the faults. Null if the engine cannot do that.</param>
/// <param name="SkipNumbers">Skips a million numbers of accounts, of nodes and of commands for devices.</param>
public sealed record UpkeepDialect(
    bool NamesParameters, string BeginRead, string BeginWrite, string? KeepServersOut, string? CountServers, string? FindFaults, IReadOnlyList<string> SkipNumbers)
{
    private static readonly string[] Numbered = ["accounts", "assignment_nodes", "device_commands"];

    public static UpkeepDialect Sqlite { get; } = new(
        NamesParameters: true, "BEGIN", "BEGIN IMMEDIATE", KeepServersOut: null, CountServers: null, "PRAGMA integrity_check(20)",
        [.. Numbered.SelectMany(static table => new[]
        {
            $"INSERT INTO sqlite_sequence (name, seq) SELECT '{table}', 0 WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = '{table}')",
            $"UPDATE sqlite_sequence SET seq = seq + 1000000 WHERE name = '{table}'",
        })]);

    public static UpkeepDialect Postgres { get; } = new(
        NamesParameters: false, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", "BEGIN", "LOCK TABLE processes IN SHARE MODE",
        "SELECT count(*) FROM processes WHERE renewed > clock_timestamp() - interval '15 seconds'", FindFaults: null,
        [.. Numbered.Select(static table =>
            $"SELECT setval(pg_get_serial_sequence('{table}', 'number'), nextval(pg_get_serial_sequence('{table}', 'number')) + 1000000)")]);
}
