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

    public void Dispose()
    {
        Database.Dispose();
        Directory.Delete(directory, recursive: true);
    }
}
