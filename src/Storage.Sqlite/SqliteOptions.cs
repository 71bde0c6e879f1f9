namespace Lockstep.Storage.Sqlite;

/// <summary>The place of the database, and how much room it may take.</summary>
public sealed record SqliteOptions
{
    /// <summary>The database file. Its directory must exist. Two more files (-wal, -shm) are beside it while it is open.</summary>
    public required string Path { get; init; }

    /// <summary>Size of the file in bytes from which writes are refused; 0 for no limit. Default: 0.</summary>
    public long MaxBytes { get; init; }

    /// <summary>Page cache of each connection in bytes. Default: 8 MiB.</summary>
    public int CacheBytes { get; init; } = 8 << 20;

    /// <summary>Connections kept for readers. Default: 4.</summary>
    public int PooledReaders { get; init; } = 4;

    /// <summary>Receives the reason when something was not read or written, from any thread. Default: none.</summary>
    public Action<Exception> OnFault { get; init; } = static _ => { };
}
