using System.Data;
using System.Data.Common;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using Lockstep.Core.Assignments;
using Lockstep.Core.Records;
using Lockstep.Core.Time;

namespace Lockstep.Import.SyncStorage;

/// <summary>
/// A database of syncstorage-rs, of its tokenserver or of its storage, on MySQL or PostgreSQL. It is read as of the moment of opening, whatever is written
/// meanwhile, and never written to.
/// </summary>
/// <remarks>Origin: the migrations of <c>tokenserver-mysql</c>, <c>tokenserver-postgres</c>, <c>syncstorage-mysql</c> and <c>syncstorage-postgres</c>.</remarks>
public sealed class SyncStorageDatabase : IAsyncDisposable
{
    // A record that expires at this time, about the year 2069, or later, never expires: the schema has no other form for that.
    private const long Never = 3_153_600_000_000;

    // Stamps there are multiples of this.
    private const long Step = 10;

    private readonly DbConnection connection;
    private readonly DbTransaction snapshot;
    private readonly bool isMySql;

    private SyncStorageDatabase(DbConnection connection, DbTransaction snapshot, bool isMySql) => (this.connection, this.snapshot, this.isMySql) = (connection, snapshot, isMySql);

    /// <param name="uri">The database.</param>
    /// <param name="table">A table that it must have.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <exception cref="SyncStorageException">It cannot be opened, or does not have the table.</exception>
    public static async Task<SyncStorageDatabase> OpenAsync(SyncStorageUri uri, string table, CancellationToken cancellationToken)
    {
        var opened = uri.Connect();
        try
        {
            await opened.OpenAsync(cancellationToken);
            var moment = await opened.BeginTransactionAsync(IsolationLevel.RepeatableRead, cancellationToken);
            var database = new SyncStorageDatabase(opened, moment, uri.IsMySql);
            await using var look = database.Command(
                $"SELECT 1 FROM information_schema.tables WHERE table_name = @table AND table_schema = {(uri.IsMySql ? "database()" : "current_schema()")}", ("@table", table));
            return await look.ExecuteScalarAsync(cancellationToken) is not null
                ? database
                : throw new SyncStorageException($"{uri.Description} has no table '{table}'. {(table is "users" ? "Name the database of the tokenserver with --tokens-from." : "Name the database of the storage with --from.")}");
        }
        catch (DbException e)
        {
            await opened.DisposeAsync();
            throw new SyncStorageException($"Cannot read {uri.Description}: {e.Message}", e);
        }
        catch
        {
            await opened.DisposeAsync();
            throw;
        }
    }

    /// <summary>The table of records.</summary>
    public static string RecordsOf(SyncStorageUri uri) => uri.IsMySql ? "bso" : "bsos";

    /// <summary>All rows of users of Sync 1.5. The rows of one user are together, the newest first.</summary>
    public async Task<IReadOnlyList<SyncStorageUser>> ReadUsersAsync(CancellationToken cancellationToken)
    {
        var users = new List<SyncStorageUser>();
        await using var command = Command(
            """
            SELECT u.uid, u.email, u.generation, u.client_state, u.keys_changed_at, u.created_at, u.replaced_at, n.node
            FROM users u LEFT JOIN nodes n ON n.id = u.nodeid LEFT JOIN services s ON s.id = u.service
            WHERE s.service IS NULL OR s.service = 'sync-1.5'
            ORDER BY u.email, u.created_at DESC, u.uid DESC
            """);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            users.Add(new SyncStorageUser(
                Integer(reader, 0) ?? 0,
                reader.GetString(1),
                new UserKeys(Integer(reader, 2) ?? 0, reader.GetString(3), Integer(reader, 4) ?? 0),
                new ServerTimestamp(Integer(reader, 5) ?? 0),
                !reader.IsDBNull(6),
                reader.IsDBNull(7) ? "" : reader.GetString(7)));
        }

        return users;
    }

    /// <summary>How many records each storage has, including expired ones.</summary>
    public async Task<IReadOnlyDictionary<long, long>> CountRecordsAsync(CancellationToken cancellationToken)
    {
        var counts = new Dictionary<long, long>();
        await using var command = Command(isMySql ? "SELECT userid, COUNT(*) FROM bso GROUP BY userid" : "SELECT user_id, COUNT(*) FROM bsos GROUP BY user_id");
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            counts[Integer(reader, 0)!.Value] = Integer(reader, 1)!.Value;
        }

        return counts;
    }

    /// <summary>A user's collections with the stamps that <c>info/collections</c> answers.</summary>
    public async Task<IReadOnlyDictionary<string, ServerTimestamp>> ReadCollectionsAsync(long user, CancellationToken cancellationToken)
    {
        var collections = new Dictionary<string, ServerTimestamp>(StringComparer.Ordinal);
        await using var command = Command(
            isMySql
                ? "SELECT c.name, u.last_modified FROM user_collections u JOIN collections c ON c.id = u.collection WHERE u.userid = @user"
                : $"SELECT c.name, {Milliseconds("u.modified")} FROM user_collections u JOIN collections c ON c.collection_id = u.collection_id WHERE u.user_id = @user",
            ("@user", user));
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            collections[reader.GetString(0)] = Stamp(Integer(reader, 1) ?? 0);
        }

        return collections;
    }

    /// <summary>A user's records, including expired ones. The collection is null if it has no name. Nothing else can be read until this has ended.</summary>
    public async IAsyncEnumerable<(string? Collection, StoredRecord Record)> ReadRecordsAsync(long user, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var command = Command(
            isMySql
                ? "SELECT c.name, b.id, b.sortindex, b.payload, b.modified, b.ttl FROM bso b LEFT JOIN collections c ON c.id = b.collection WHERE b.userid = @user ORDER BY b.collection, b.id"
                : $"""
                SELECT c.name, b.bso_id, b.sortindex, b.payload, {Milliseconds("b.modified")}, {Milliseconds("b.expiry")}
                FROM bsos b LEFT JOIN collections c ON c.collection_id = b.collection_id WHERE b.user_id = @user ORDER BY b.collection_id, b.bso_id
                """,
            ("@user", user));
        await using var reader = await command.ExecuteReaderAsync(CommandBehavior.SequentialAccess, cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            var collection = reader.IsDBNull(0) ? null : reader.GetString(0);
            var (id, weight, payload) = (reader.GetString(1), Integer(reader, 2), reader.GetString(3));
            var (modified, expiry) = (Stamp(Integer(reader, 4) ?? 0), Integer(reader, 5) ?? Never);
            yield return (collection, new StoredRecord
            {
                Id = id,
                SortIndex = (int?)weight,
                Body = Encoding.UTF8.GetBytes(payload),
                Modified = modified,
                Expiry = expiry < Never ? new ServerTimestamp(expiry) : null,
            });
        }
    }

    public async ValueTask DisposeAsync()
    {
        await snapshot.DisposeAsync();
        await connection.DisposeAsync();
    }

    private static string Milliseconds(string column) => $"(EXTRACT(EPOCH FROM {column}) * 1000)::bigint";

    private static ServerTimestamp Stamp(long milliseconds) => new(Math.Max(Step, milliseconds / Step * Step));

    private static long? Integer(DbDataReader reader, int column) => reader.IsDBNull(column) ? null : Convert.ToInt64(reader.GetValue(column), CultureInfo.InvariantCulture);

    private DbCommand Command(string sql, params (string Name, object Value)[] values)
    {
        var command = connection.CreateCommand();
        command.CommandText = sql;
        command.Transaction = snapshot;
        foreach (var (name, value) in values)
        {
            var parameter = command.CreateParameter();
            (parameter.ParameterName, parameter.Value) = (name, value);
            command.Parameters.Add(parameter);
        }

        return command;
    }
}
