using System.Globalization;
using Lockstep.Core.Records;
using Lockstep.Storage.Sqlite.Schema;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Lockstep.Storage.Sqlite.Backup;

/// <summary>
/// Copies a database file as it is at one moment, while a server writes to it. Invariants:
/// <list type="number">
/// <item>All pages come from one snapshot. It is held from the first page until this is disposed, so later reads from here see what the copy has.</item>
/// <item>Writers never wait for it: they append to the write-ahead log, which grows until the snapshot is released.</item>
/// <item>The schema stays as it is, so that a newer program can make the backup before its upgrade.</item>
/// </list>
/// </summary>
public sealed class SqliteBackup : IDisposable
{
    // 8 MiB: often enough for progress.
    private const int PagesAtOnce = 2_000;

    private readonly SqliteConnection source;

    private SqliteBackup(SqliteConnection source) => this.source = source;

    /// <param name="path">The database file, which must exist.</param>
    /// <exception cref="SqliteSchemaException">It cannot be opened, or is not a database.</exception>
    public static SqliteBackup Open(string path)
    {
        SqliteConnection? connection = null;
        try
        {
            connection = Connect(path);
            SqliteSchema.Execute(connection, "PRAGMA query_only = ON");
            SqliteSchema.Scalar(connection, "SELECT count(*) FROM meta");
            return new SqliteBackup(connection);
        }
        catch (SqliteException e)
        {
            connection?.Dispose();
            throw new SqliteSchemaException($"Cannot read '{path}': {e.Message}", e);
        }
    }

    /// <summary>Copies the database into a new file, and takes the snapshot.</summary>
    /// <param name="target">The file; it must not exist.</param>
    /// <param name="progress">Called with the number of pages copied and of all pages.</param>
    /// <exception cref="SqliteException">SQLite could not read or write.</exception>
    /// <exception cref="IOException">The file already exists, or cannot be made.</exception>
    public void CopyTo(string target, Action<int, int> progress)
    {
        SqliteSchema.Execute(source, "BEGIN");
        SqliteSchema.Scalar(source, "SELECT count(*) FROM meta");
        Create(target);
        using var copy = Connect(target);

        // Nobody reads the copy before it is complete, so there is nothing to roll back to.
        SqliteSchema.Execute(copy, "PRAGMA journal_mode = OFF");
        using var backup = raw.sqlite3_backup_init(copy.Handle!, "main", source.Handle!, "main");
        if (backup is null || backup.IsInvalid)
        {
            throw Fault(copy, raw.sqlite3_errcode(copy.Handle!));
        }

        for (var result = raw.SQLITE_OK; result != raw.SQLITE_DONE;)
        {
            result = raw.sqlite3_backup_step(backup, PagesAtOnce);
            if (result is not (raw.SQLITE_OK or raw.SQLITE_DONE))
            {
                throw Fault(copy, result);
            }

            var pages = raw.sqlite3_backup_pagecount(backup);
            progress(pages - raw.sqlite3_backup_remaining(backup), pages);
        }
    }

    /// <summary>Compares the copy with the snapshot, and asks SQLite whether it is sound.</summary>
    /// <param name="target">The copy.</param>
    /// <returns>The fault; null for none.</returns>
    public string? Verify(string target)
    {
        using var copy = Connect(target);
        SqliteSchema.Execute(copy, "PRAGMA query_only = ON");
        if (SqliteSchema.Scalar(copy, "PRAGMA integrity_check(1)") is not "ok" and var fault)
        {
            return $"SQLite finds a fault in the copy: {fault}";
        }

        foreach (var table in Tables())
        {
            var (here, there) = (Count(source, table), Count(copy, table));
            if (here != there)
            {
                return string.Create(CultureInfo.InvariantCulture, $"The copy has {there} rows in '{table}' instead of {here}.");
            }
        }

        return null;
    }

    /// <summary>Counts of the snapshot: existing buckets, records in their lists without tombstones, and accounts.</summary>
    public (long Buckets, long Records, long Accounts) Count() => (
        Number("SELECT count(*) FROM buckets WHERE live = 1"),
        Number($"SELECT coalesce(sum(count), 0) FROM lists WHERE role = {(int)ListRole.Records}"),
        Number("SELECT count(*) FROM accounts"));

    /// <summary>
    /// Files of records whose content is complete, in the order of their ids, after an id. Before <see cref="CopyTo"/> it reads the current state, afterwards the
    /// snapshot.
    /// </summary>
    public IReadOnlyList<(string Id, long Size, string Hash)> ReadFiles(string after, int limit)
    {
        var files = new List<(string, long, string)>();
        if (!Tables().Contains("attachments", StringComparer.Ordinal))
        {
            return files;
        }

        using var command = source.CreateCommand();
        command.CommandText = "SELECT id, size, hash FROM attachments WHERE id > $after AND size IS NOT NULL ORDER BY id LIMIT $limit";
        command.Parameters.AddWithValue("$after", after);
        command.Parameters.AddWithValue("$limit", limit);
        using var reader = command.ExecuteReader();
        while (reader.Read())
        {
            files.Add((reader.GetString(0), reader.GetInt64(1), reader.GetString(2)));
        }

        return files;
    }

    /// <summary>Whether a record of the snapshot may name a file. A released file is removed a while later: first its content, then its row.</summary>
    public bool IsNeeded(string file)
    {
        using var command = source.CreateCommand();
        command.CommandText =
            $"""
            SELECT EXISTS (
                SELECT 1 FROM attachments a JOIN buckets b ON b.id = a.bucket
                JOIN lists l ON l.bucket = b.bucket AND l.role = {(int)ListRole.Files} AND l.name = a.collection
                JOIN records r ON r.bucket = l.bucket AND r.list = l.list AND r.id = a.id AND r.deleted = 0
                WHERE a.id = $id)
            """;
        command.Parameters.AddWithValue("$id", file);
        return (long)command.ExecuteScalar()! != 0;
    }

    public void Dispose() => source.Dispose();

    private List<string> Tables()
    {
        var tables = new List<string>();
        using var command = source.CreateCommand();
        command.CommandText = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name";
        using var reader = command.ExecuteReader();
        while (reader.Read())
        {
            tables.Add(reader.GetString(0));
        }

        return tables;
    }

    private long Number(string sql) => Convert.ToInt64(SqliteSchema.Scalar(source, sql), CultureInfo.InvariantCulture);

    private static long Count(SqliteConnection connection, string table) =>
        (long)SqliteSchema.Scalar(connection, $"SELECT count(*) FROM \"{table}\"")!;

    private static SqliteException Fault(SqliteConnection connection, int code) =>
        new($"SQLite could not copy: {raw.sqlite3_errmsg(connection.Handle!).utf8_to_string()}", code);

    /// <summary>It contains hashes and personal data, so only its owner may read it.</summary>
    private static void Create(string path)
    {
        var create = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            create.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        using var file = new FileStream(path, create);
    }

    private static SqliteConnection Connect(string path)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Mode = SqliteOpenMode.ReadWrite, Pooling = false }.ToString());
        connection.Open();
        return connection;
    }
}
