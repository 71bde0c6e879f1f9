using Lockstep.Storage.Upkeep;
using Lockstep.Storage.Upkeep.Check;

namespace Lockstep.Storage.Sqlite.Tests;

/// <summary>A database in a directory of its own, gone when disposed.</summary>
public sealed class TemporaryDatabase : IDisposable
{
    private readonly string directory = Directory.CreateTempSubdirectory("lockstep-test-").FullName;

    public TemporaryDatabase(long maxBytes = 0)
    {
        Options = new SqliteOptions { Path = Path.Combine(directory, "lockstep.db"), MaxBytes = maxBytes };
        Database = SqliteDatabase.Open(Options);
    }

    public SqliteOptions Options { get; }

    public SqliteDatabase Database { get; private set; }

    public void Reopen()
    {
        Database.Dispose();
        Database = SqliteDatabase.Open(Options);
    }

    /// <summary>What owners have written must fit together; whether files are there is not their affair.</summary>
    public void CheckAndDispose()
    {
        var findings = new List<Finding>();
        Database.Dispose();
        using (var connection = SqliteDatabase.OpenConnection(Options))
        {
            var database = new UpkeepDatabase(Options.Path, UpkeepDialect.Sqlite, connection, isHome: true);
            new IntegrityCheck(database, database, files: null, repairs: false, findings.Add, static _ => { }).RunAsync(default).GetAwaiter().GetResult();
        }

        Dispose();
        Assert.DoesNotContain(findings, static finding => finding.Kind != FindingKind.File);
    }

    public void Dispose()
    {
        Database.Dispose();
        Directory.Delete(directory, recursive: true);
    }
}
