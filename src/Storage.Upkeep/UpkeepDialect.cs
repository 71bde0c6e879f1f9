namespace Lockstep.Storage.Upkeep;

/// <summary>What the engines say differently.</summary>
/// <param name="NamesParameters">Whether <c>$1</c> is a parameter's name, and not its position.</param>
/// <param name="BeginRead">Begins a transaction whose reads are of one snapshot.</param>
/// <param name="BeginWrite">Begins a transaction that writes.</param>
/// <param name="KeepServersOut">In such a transaction: no server begins to use the database until it ends. Null where a lock of the caller does that.</param>
/// <param name="CountServers">How many servers use the database. Null where a lock of the caller says so.</param>
/// <param name="FindFaults">Statement by which the engine looks for damage: a row <c>ok</c>, or what it finds. Null where it has none.</param>
/// <param name="SkipNumbers">Statements that leave a million numbers of accounts, of nodes and of commands for devices out.</param>
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
