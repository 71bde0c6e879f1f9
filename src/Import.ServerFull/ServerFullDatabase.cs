using System.Data;
using System.Data.Common;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using Lockstep.Core.Records;
using Lockstep.Core.Time;
using Microsoft.Data.Sqlite;

namespace Lockstep.Import.ServerFull;

/// <summary>
/// A database of server-full, or one of its two: users and storage may lie apart. It is read as it is at the moment of opening, whatever is written to it meanwhile, and never written to.
/// </summary>
/// <remarks>Origin: <c>services/user/sql.py</c> of server-core, <c>syncstorage/storage/sqlmappers.py</c> of server-storage.</remarks>
public sealed class ServerFullDatabase : IAsyncDisposable
{
    // From there on, about the year 2036, a record is one that never expires.
    private const long Never = 2_100_000_000;

    private static readonly Dictionary<long, string> Standard = new()
    {
        [1] = "client", [2] = "crypto", [3] = "forms", [4] = "history", [5] = "key", [6] = "meta", [7] = "bookmarks", [8] = "prefs", [9] = "tabs", [10] = "passwords",
    };

    private static readonly Dictionary<long, string> Fixed = new(Standard) { [1] = "clients", [5] = "keys", [11] = "addons" };

    private readonly DbConnection connection;
    private readonly DbTransaction snapshot;
    private readonly string[] tables;

    private ServerFullDatabase(DbConnection connection, DbTransaction snapshot, string[] tables) => (this.connection, this.snapshot, this.tables) = (connection, snapshot, tables);

    /// <summary>Whether it has users.</summary>
    public bool HasUsers => tables.Contains("user", StringComparer.OrdinalIgnoreCase);

    /// <summary>Whether it has records: in one table, or in <c>wbo0</c>, <c>wbo1</c> and so on.</summary>
    public bool HasRecords => Shards > 0;

    /// <summary>Tables that records are parted among, by the remainder of their user's number.</summary>
    private int Shards { get; init; }

    /// <exception cref="ServerFullException">It cannot be opened.</exception>
    public static async Task<ServerFullDatabase> OpenAsync(SqlUri uri, CancellationToken cancellationToken)
    {
        var opened = uri.Connect();
        try
        {
            await opened.OpenAsync(cancellationToken);
            var moment = opened is SqliteConnection sqlite ? sqlite.BeginTransaction(deferred: true) : await opened.BeginTransactionAsync(IsolationLevel.Snapshot, cancellationToken);
            var names = new List<string>();
            await using var command = Command(opened, moment, uri.IsMySql ? "SELECT table_name FROM information_schema.tables WHERE table_schema = database()" : "SELECT name FROM sqlite_master WHERE type = 'table'");
            await using (var reader = await command.ExecuteReaderAsync(cancellationToken))
            {
                while (await reader.ReadAsync(cancellationToken))
                {
                    names.Add(reader.GetString(0));
                }
            }

            // A server that parts records among tables makes no other one; one that was changed to do so left its own behind, with what is in it.
            var shards = names.Count(static name => name.StartsWith("wbo", StringComparison.OrdinalIgnoreCase) && name.Length > 3 && name[3..].All(char.IsAsciiDigit));
            var isWhole = names.Contains("wbo", StringComparer.OrdinalIgnoreCase);
            if (shards > 0 && isWhole)
            {
                await using var look = Command(opened, moment, "SELECT 1 FROM wbo LIMIT 1");
                if (await look.ExecuteScalarAsync(cancellationToken) is not null)
                {
                    throw new ServerFullException($"{uri.Description} has records in 'wbo', and in 'wbo0' and others. The old server read one or the other, by [storage] shard. Empty the one that it did not read, in a copy, and import that.");
                }
            }

            return new ServerFullDatabase(opened, moment, [.. names]) { Shards = shards > 0 ? shards : isWhole ? 1 : 0 };
        }
        catch (DbException e)
        {
            await opened.DisposeAsync();
            throw new ServerFullException($"Cannot read {uri.Description}: {e.Message}", e);
        }
        catch
        {
            await opened.DisposeAsync();
            throw;
        }
    }

    /// <summary>All users, in the order of their numbers.</summary>
    public async Task<IReadOnlyList<ServerFullUser>> ReadUsersAsync(CancellationToken cancellationToken)
    {
        var users = new List<ServerFullUser>();
        await using var command = Command(connection, snapshot, "SELECT userid, username, password, accountStatus, mail FROM user ORDER BY userid");
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            users.Add(new ServerFullUser(reader.GetInt64(0), reader.GetString(1), Text(reader, 2), Integer(reader, 3) == 1, Text(reader, 4) ?? ""));
        }

        return users;
    }

    /// <summary>How many records each user has, those that have expired among them, by the users' numbers; also of users that are not there any more.</summary>
    public async Task<IReadOnlyDictionary<long, long>> CountRecordsAsync(CancellationToken cancellationToken)
    {
        var counts = new Dictionary<long, long>();
        foreach (var table in Enumerable.Range(0, Shards).Select(TableOf))
        {
            await using var command = Command(connection, snapshot, $"SELECT username, COUNT(*) FROM {table} GROUP BY username");
            await using var reader = await command.ExecuteReaderAsync(cancellationToken);
            while (await reader.ReadAsync(cancellationToken))
            {
                counts[reader.GetInt64(0)] = counts.GetValueOrDefault(reader.GetInt64(0)) + reader.GetInt64(1);
            }
        }

        return counts;
    }

    /// <summary>The names that a user's collections have, by number. Each name is there once: that collection of it which the server found.</summary>
    /// <param name="user">Their number.</param>
    /// <param name="names">Which numbers have the same name for everybody.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    public async Task<IReadOnlyDictionary<long, string>> ReadCollectionsAsync(long user, CollectionNames names, CancellationToken cancellationToken)
    {
        var found = new Dictionary<long, string>(names switch { CollectionNames.Standard => Standard, CollectionNames.Fixed => Fixed, _ => [] });
        await using var command = Command(connection, snapshot, "SELECT collectionid, name FROM collections WHERE userid = @user ORDER BY collectionid", ("@user", user));
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            if (!found.ContainsValue(reader.GetString(1)))
            {
                found.TryAdd(reader.GetInt64(0), reader.GetString(1));
            }
        }

        return found;
    }

    /// <summary>
    /// A user's records, in whatever order: the table has no index by user, so it is looked through once. Nothing else can be read until that has ended.
    /// </summary>
    /// <param name="user">Their number.</param>
    /// <param name="latest">What a stamp is at most: those of a clock that was ahead would keep the storage's clock ahead.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    public async IAsyncEnumerable<(long Collection, StoredRecord Record)> ReadRecordsAsync(long user, ServerTimestamp latest, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var command = Command(connection, snapshot, $"SELECT collection, id, sortindex, modified, payload, ttl FROM {TableOf((int)(user % Shards))} WHERE username = @user", ("@user", user));
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            yield return (reader.GetInt64(0), new StoredRecord
            {
                Id = reader.GetString(1),
                SortIndex = (int?)Integer(reader, 2),

                // Hundredths of a second.
                Modified = new ServerTimestamp(Math.Clamp((Integer(reader, 3) ?? 0) * 10, 10, latest.Milliseconds)),
                Body = Encoding.UTF8.GetBytes(Text(reader, 4) ?? ""),
                Expiry = Integer(reader, 5) is { } seconds and < Never ? new ServerTimestamp(seconds * 1000) : null,
            });
        }
    }

    public async ValueTask DisposeAsync()
    {
        await snapshot.DisposeAsync();
        await connection.DisposeAsync();
    }

    private static string? Text(DbDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.GetString(column);

    private static long? Integer(DbDataReader reader, int column) => reader.IsDBNull(column) ? null : Convert.ToInt64(reader.GetValue(column), CultureInfo.InvariantCulture);

    private static DbCommand Command(DbConnection connection, DbTransaction snapshot, string sql, params (string Name, object Value)[] values)
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

    private string TableOf(int shard) => Shards == 1 && !tables.Contains("wbo0", StringComparer.OrdinalIgnoreCase) ? "wbo" : string.Create(CultureInfo.InvariantCulture, $"wbo{shard}");
}
