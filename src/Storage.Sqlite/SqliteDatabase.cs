using System.Collections.Concurrent;
using System.Data.Common;
using System.Globalization;
using System.Security.Cryptography;
using Lockstep.Core.Metering;
using Lockstep.Core.Storage;
using Lockstep.Core.Time;
using Lockstep.Storage.Sqlite.Commits;
using Lockstep.Storage.Sqlite.Schema;
using Microsoft.Data.Sqlite;

namespace Lockstep.Storage.Sqlite;

/// <summary>An open database file: one writer, some readers, the schema applied.</summary>
public sealed class SqliteDatabase : IDisposable
{
    private readonly SqliteOptions options;
    private readonly ConcurrentBag<SqliteStatements> readers = [];
    private readonly SqliteWriter writer;
    private bool disposed;

    private SqliteDatabase(SqliteOptions options, byte[] secret, ServerTimestamp floor)
    {
        this.options = options;
        Secret = secret;
        Floor = floor;
        writer = new SqliteWriter(() => OpenForWriting(options), options.OnFault, Metrics, TimeProvider.System);
    }

    /// <summary>32 random bytes made with the database; ids derived with it cannot be guessed.</summary>
    public ReadOnlyMemory<byte> Secret { get; }

    /// <summary>The stamp from which buckets begin that were never written: zero, but where the file was restored from a backup.</summary>
    public ServerTimestamp Floor { get; }

    /// <summary>Opens the file, or makes it, and brings its schema up to date.</summary>
    /// <exception cref="SqliteSchemaException">The file is newer than this program, not a database, or cannot be opened.</exception>
    public static SqliteDatabase Open(SqliteOptions options)
    {
        try
        {
            CreatePrivately(options.Path);
            using var connection = Connect(options);
            if (SqliteSchema.Scalar(connection, "PRAGMA journal_mode = WAL") is not "wal")
            {
                throw new SqliteSchemaException($"'{options.Path}' cannot have a write-ahead log where it lies. Put it on a local file system.");
            }

            SqliteSchema.Apply(connection);
            SqliteSchema.Execute(connection, $"INSERT OR IGNORE INTO meta VALUES ('cluster', '{Guid.NewGuid()}')");
            SqliteSchema.Execute(connection, $"INSERT OR IGNORE INTO meta VALUES ('secret', '{Convert.ToHexString(RandomNumberGenerator.GetBytes(32))}')");
            var secret = (string)SqliteSchema.Scalar(connection, "SELECT value FROM meta WHERE name = 'secret'")!;
            _ = ServerTimestamp.TryParse(SqliteSchema.Scalar(connection, "SELECT value FROM meta WHERE name = 'floor'") as string, out var floor);
            return new SqliteDatabase(options, Convert.FromHexString(secret), floor);
        }
        catch (SqliteException e) when (e.SqliteErrorCode == SQLitePCL.raw.SQLITE_NOTADB)
        {
            throw new SqliteSchemaException($"'{options.Path}' is not a SQLite database. Name another directory, or move the file away.", e);
        }
        catch (Exception e) when (e is SqliteException or IOException or UnauthorizedAccessException)
        {
            throw new SqliteSchemaException($"Cannot open or write '{options.Path}': {e.Message}", e);
        }
    }

    public void Dispose()
    {
        if (disposed)
        {
            return;
        }

        disposed = true;
        writer.Dispose();
        Metrics.Dispose();
        while (readers.TryTake(out var reader))
        {
            reader.Dispose();
        }
    }

    /// <summary>
    /// A connection of its own, for commands that go through all of the file: with the schema of this program, and without a limit of its size.
    /// </summary>
    /// <exception cref="SqliteSchemaException">As <see cref="Open"/>.</exception>
    public static DbConnection OpenConnection(SqliteOptions options)
    {
        Open(options).Dispose();
        try
        {
            return Connect(options);
        }
        catch (SqliteException e)
        {
            throw new SqliteSchemaException($"Cannot open or write '{options.Path}': {e.Message}", e);
        }
    }

    internal StoreMetrics Metrics { get; } = new(TimeProvider.System);

    /// <inheritdoc cref="SqliteWriter.WriteAsync"/>
    internal Task<CommitOutcome> CommitAsync(Func<SqliteStatements, CommitOutcome> run, Deadline deadline = default, int rows = 1, string? user = null) =>
        writer.WriteAsync(run, deadline, rows, user);

    /// <summary>Runs a write that is either done or not. If it is not done, it throws.</summary>
    internal async ValueTask<T> WriteAsync<T>(Func<SqliteStatements, T> run)
    {
        T result = default!;
        var outcome = await writer.WriteAsync(statements =>
        {
            result = run(statements);
            return new CommitOutcome(CommitStatus.Done);
        });
        return outcome.Status == CommitStatus.Done
            ? result
            : throw new StoreUnavailableException($"The write to '{options.Path}' was not done, or it is not known whether it was.");
    }

    /// <summary>Runs a read on a connection of its own, on the caller's thread.</summary>
    /// <exception cref="StoreUnavailableException">SQLite could not answer.</exception>
    internal T Read<T>(Func<SqliteStatements, T> run)
    {
        SqliteStatements? reader = null;
        try
        {
            reader = readers.TryTake(out var pooled) ? pooled : OpenForReading(options);
            var result = run(reader);
            Return(reader);
            return result;
        }
        catch (SqliteException e)
        {
            reader?.Dispose();
            writer.Report(e);
            throw new StoreUnavailableException($"Cannot read '{options.Path}': {e.Message}", e);
        }
        catch
        {
            reader?.Dispose();
            throw;
        }
    }

    /// <summary>A connection for several reads, which is not of those that requests wait for.</summary>
    /// <exception cref="StoreUnavailableException">SQLite could not answer.</exception>
    internal HeldReader OpenReader()
    {
        try
        {
            return new HeldReader(OpenForReading(options), options.Path);
        }
        catch (SqliteException e)
        {
            throw new StoreUnavailableException($"Cannot read '{options.Path}': {e.Message}", e);
        }
    }

    private void Return(SqliteStatements reader)
    {
        if (readers.Count < options.PooledReaders && !disposed)
        {
            readers.Add(reader);
        }
        else
        {
            reader.Dispose();
        }
    }

    private static SqliteStatements OpenForWriting(SqliteOptions options) => Open(options, connection =>
    {
        SqliteSchema.Execute(connection, "PRAGMA wal_autocheckpoint = 4000");
        SqliteSchema.Execute(connection, "PRAGMA journal_size_limit = 67108864");
        if (options.MaxBytes > 0)
        {
            var pageSize = Convert.ToInt64(SqliteSchema.Scalar(connection, "PRAGMA page_size"), CultureInfo.InvariantCulture);
            SqliteSchema.Execute(connection, $"PRAGMA max_page_count = {Math.Max(1, options.MaxBytes / pageSize)}");
        }
    });

    // Not opened read-only: if it were the first connection, it could not make the files beside the database.
    private static SqliteStatements OpenForReading(SqliteOptions options) =>
        Open(options, static connection => SqliteSchema.Execute(connection, "PRAGMA query_only = ON"));

    private static SqliteStatements Open(SqliteOptions options, Action<SqliteConnection> prepare)
    {
        var connection = Connect(options);
        try
        {
            prepare(connection);
            return new SqliteStatements(connection);
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>The file contains hashes and personal data, so only its owner may read it. SQLite gives the files beside it the same rights.</summary>
    private static void CreatePrivately(string path)
    {
        if (!OperatingSystem.IsWindows() && !File.Exists(path))
        {
            var create = new FileStreamOptions
            {
                Mode = FileMode.OpenOrCreate,
                Access = FileAccess.ReadWrite,
                Share = FileShare.ReadWrite,
                UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
            };
            using var file = new FileStream(path, create);
        }
    }

    private static SqliteConnection Connect(SqliteOptions options)
    {
        // Connections are pooled here, with their statements; the library's own pool would hold the file open.
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder
        {
            DataSource = options.Path,
            Mode = OperatingSystem.IsWindows() ? SqliteOpenMode.ReadWriteCreate : SqliteOpenMode.ReadWrite,
            Pooling = false,
            DefaultTimeout = (int)SqliteWriter.LockTime.TotalSeconds,
        }.ToString());
        try
        {
            connection.Open();
            SqliteSchema.Execute(connection, "PRAGMA synchronous = FULL");
            SqliteSchema.Execute(connection, $"PRAGMA cache_size = -{options.CacheBytes / 1024}");
            SqliteSchema.Execute(connection, "PRAGMA temp_store = MEMORY");
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }
}
