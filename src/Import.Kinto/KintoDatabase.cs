using System.Runtime.CompilerServices;
using Lockstep.Core.Time;
using Npgsql;

namespace Lockstep.Import.Kinto;

/// <summary>
/// Kinto's PostgreSQL database, or two: objects and permissions may be in separate ones. It is read as of the moment of opening, whatever is written
/// meanwhile, and never written to. Not for several readers at once.
/// </summary>
/// <remarks>Origin: <c>kinto/core/storage/postgresql/schema.sql</c> and <c>kinto/core/permission/postgresql/schema.sql</c>, from version 21 of the first on.</remarks>
public sealed class KintoDatabase : IKintoSource
{
    // Like as_epoch: the stamps of lists without rows have fractions of a millisecond.
    private const string Stamp = "(EXTRACT(EPOCH FROM last_modified) * 1000)::bigint";

    // The tables have had these names since then.
    private const int OldestSchema = 21;

    private readonly NpgsqlConnection storage;
    private readonly NpgsqlConnection permissions;

    private KintoDatabase(NpgsqlConnection storage, NpgsqlConnection permissions) => (this.storage, this.permissions) = (storage, permissions);

    /// <param name="storageUri">The database with the objects.</param>
    /// <param name="permissionsUri">The database with the permissions; null for the same one.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <exception cref="KintoException">It cannot be opened, or does not have the expected tables.</exception>
    public static async Task<KintoDatabase> OpenAsync(KintoUri storageUri, KintoUri? permissionsUri, CancellationToken cancellationToken)
    {
        var where = storageUri.Description;
        var (storage, permissions) = (new NpgsqlConnection(storageUri.Connection), new NpgsqlConnection((permissionsUri ?? storageUri).Connection));
        try
        {
            await BeginAsync(storage, cancellationToken);

            // Both connections read as of one moment, where that is possible.
            var snapshot = permissionsUri is null && await ScalarAsync(storage, "SELECT pg_is_in_recovery()", cancellationToken) is false
                ? (string?)await ScalarAsync(storage, "SELECT pg_export_snapshot()", cancellationToken)
                : null;
            where = (permissionsUri ?? storageUri).Description;
            await BeginAsync(permissions, cancellationToken);
            if (snapshot is not null)
            {
                await ScalarAsync(permissions, $"SET TRANSACTION SNAPSHOT '{snapshot}'", cancellationToken);
            }

            await CheckAsync(storage, "objects", storageUri.Description, cancellationToken);
            await CheckAsync(permissions, "access_control_entries", where, cancellationToken);
            return new KintoDatabase(storage, permissions);
        }
        catch (Exception e)
        {
            await storage.DisposeAsync();
            await permissions.DisposeAsync();
            if (e is NpgsqlException or ArgumentException)
            {
                throw new KintoException($"Cannot read {where}: {e.Message}", e);
            }

            throw;
        }
    }

    public async Task<IReadOnlyDictionary<(string Parent, string Kind), (long Live, long Tombstones)>> CountAsync(CancellationToken cancellationToken)
    {
        var counts = new Dictionary<(string, string), (long Live, long Tombstones)>();
        await using var command = Command(storage, "SELECT parent_id, resource_name, count(*) FILTER (WHERE NOT deleted), count(*) FILTER (WHERE deleted) FROM objects GROUP BY parent_id, resource_name");
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            counts[(reader.GetString(0), reader.GetString(1))] = (reader.GetInt64(2), reader.GetInt64(3));
        }

        return counts;
    }

    public async IAsyncEnumerable<(string Name, string? Hash)> ReadAccountsAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var command = Command(storage, $"SELECT id, data->>'password' FROM objects WHERE resource_name = '{KintoKind.Account}' AND parent_id = id AND NOT deleted ORDER BY id COLLATE \"C\"");
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            yield return (reader.GetString(0), reader.IsDBNull(1) ? null : reader.GetString(1));
        }
    }

    public async IAsyncEnumerable<(string Bucket, string Principal)> ReadUuidBucketsAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var command = Command(permissions, "SELECT object_id, principal FROM access_control_entries WHERE permission = 'write' AND object_id ~ '^/buckets/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'");
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            yield return (reader.GetString(0)["/buckets/".Length..], reader.GetString(1));
        }
    }

    public async Task<IReadOnlyList<KintoObject>> ReadShortAsync(string parent, string kind, string path, CancellationToken cancellationToken)
    {
        var found = new List<KintoObject>();
        await using (var reader = await ListAsync(parent, kind, cancellationToken))
        {
            while (await reader.ReadAsync(cancellationToken))
            {
                found.Add(Read(reader, []));
            }
        }

        var entries = await ReadEntriesAsync([.. found.Where(static one => !one.IsTombstone).Select(one => path + one.Id)], cancellationToken);
        return entries.Count == 0 ? found : [.. found.Select(one => entries.TryGetValue(path + one.Id, out var said) && !one.IsTombstone ? one with { Entries = said } : one)];
    }

    public async Task<IReadOnlyList<KintoObject>> ReadBucketsAsync(CancellationToken cancellationToken)
    {
        var found = new List<KintoObject>();
        await using var reader = await ListAsync("", KintoKind.Bucket, cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            found.Add(Read(reader, []));
        }

        return found;
    }

    public async Task<IReadOnlyDictionary<string, IReadOnlyList<KintoEntry>>> ReadEntriesAsync(IReadOnlyList<string> paths, CancellationToken cancellationToken)
    {
        var found = new Dictionary<string, List<KintoEntry>>(StringComparer.Ordinal);
        if (paths.Count > 0)
        {
            await using var command = Command(permissions, "SELECT object_id, permission, principal FROM access_control_entries WHERE object_id = ANY($1)", (object)paths.ToArray());
            await using var reader = await command.ExecuteReaderAsync(cancellationToken);
            while (await reader.ReadAsync(cancellationToken))
            {
                if (!found.TryGetValue(reader.GetString(0), out var of))
                {
                    found[reader.GetString(0)] = of = [];
                }

                of.Add(new KintoEntry(reader.GetString(1), reader.GetString(2)));
            }
        }

        return found.ToDictionary(static of => of.Key, static of => (IReadOnlyList<KintoEntry>)of.Value, StringComparer.Ordinal);
    }

    public async IAsyncEnumerable<KintoObject> ReadRecordsAsync(string collection, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        // Rights are read by path, which is the same order, so both are read side by side.
        var prefix = collection + "/records/";
        await using var rights = await Command(
            permissions,
            "SELECT object_id, permission, principal FROM access_control_entries WHERE object_id COLLATE \"C\" >= $1 AND object_id COLLATE \"C\" < $2 ORDER BY object_id COLLATE \"C\"",
            prefix,
            collection + "/records0").ExecuteReaderAsync(cancellationToken);
        var more = await rights.ReadAsync(cancellationToken);
        var path = more ? rights.GetString(0) : "";
        var entries = new List<KintoEntry>();
        await using var reader = await ListAsync(collection, KintoKind.Record, cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            var own = prefix + reader.GetString(0);
            entries.Clear();
            while (more && string.CompareOrdinal(path, own) is var order and <= 0)
            {
                if (order == 0)
                {
                    entries.Add(new KintoEntry(rights.GetString(1), rights.GetString(2)));
                }

                more = await rights.ReadAsync(cancellationToken);
                path = more ? rights.GetString(0) : "";
            }

            yield return Read(reader, entries);
        }
    }

    public async Task<IReadOnlyDictionary<(string Parent, string Kind), ServerTimestamp>> ReadStampsAsync(string bucket, CancellationToken cancellationToken)
    {
        var stamps = new Dictionary<(string, string), ServerTimestamp>();
        await using var command = Command(
            storage,
            $"SELECT parent_id, resource_name, {Stamp} FROM timestamps WHERE parent_id = $1 OR (parent_id COLLATE \"C\" >= $1 || '/' AND parent_id COLLATE \"C\" < $1 || '0')",
            bucket);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            stamps[(reader.GetString(0), reader.GetString(1))] = new ServerTimestamp(reader.GetInt64(2));
        }

        return stamps;
    }

    public async ValueTask DisposeAsync()
    {
        await storage.DisposeAsync();
        await permissions.DisposeAsync();
    }

    private static async Task BeginAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await connection.OpenAsync(cancellationToken);
        await ScalarAsync(connection, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", cancellationToken);
    }

    private static async Task CheckAsync(NpgsqlConnection connection, string table, string where, CancellationToken cancellationToken)
    {
        if (await ScalarAsync(connection, $"SELECT to_regclass('{table}')::text", cancellationToken) is not string)
        {
            throw new KintoException($"{where} has no table '{table}'. Where Kinto is older than 14, upgrade it and run 'kinto migrate' first, on a copy.");
        }

        if (table is "objects" && await ScalarAsync(connection, "SELECT max(value::integer) FROM metadata WHERE name = 'storage_schema_version'", cancellationToken) is int version and < OldestSchema)
        {
            throw new KintoException($"{where} has version {version} of Kinto's schema. Upgrade Kinto and run 'kinto migrate' first, on a copy.");
        }
    }

    private static async Task<object?> ScalarAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken)
    {
        await using var command = Command(connection, sql);
        return await command.ExecuteScalarAsync(cancellationToken);
    }

    private static NpgsqlCommand Command(NpgsqlConnection connection, string sql, params object[] values)
    {
        var command = new NpgsqlCommand(sql, connection);
        foreach (var value in values)
        {
            command.Parameters.Add(new NpgsqlParameter { Value = value });
        }

        return command;
    }

    private static KintoObject Read(NpgsqlDataReader reader, IReadOnlyList<KintoEntry> entries) =>
        new(reader.GetString(0), new ServerTimestamp(reader.GetInt64(1)), reader.GetBoolean(2), reader.GetFieldValue<byte[]>(3), entries);

    private async Task<NpgsqlDataReader> ListAsync(string parent, string kind, CancellationToken cancellationToken)
    {
        // The reader keeps the command alive.
        var command = Command(storage, $"SELECT id, {Stamp}, deleted, data::text FROM objects WHERE parent_id = $1 AND resource_name = $2 ORDER BY id COLLATE \"C\"", parent, kind);
        return await command.ExecuteReaderAsync(cancellationToken);
    }
}
