using System.Security.Cryptography;
using System.Text;
using Lockstep.Storage.PostgreSql.Testing;
using Npgsql;

namespace Lockstep.EndToEnd.FromKinto;

/// <summary>A database as Kinto makes it (version 26 of its schema), with what a test says in it.</summary>
internal sealed class OldKinto : IAsyncDisposable
{
    public const string Secret = "some-secret";

    private readonly NpgsqlConnection connection;

    private OldKinto(string database, NpgsqlConnection connection) => (Database, this.connection) = (database, connection);

    /// <summary>Milliseconds since the epoch, an hour ago.</summary>
    public static long Earlier { get; } = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds() - 3_600_000;

    /// <summary>Connection string.</summary>
    public string Database { get; }

    public static async Task<OldKinto> CreateAsync()
    {
        var database = await PostgresServer.CreateEmptyDatabaseAsync();
        var kinto = new OldKinto(database, new NpgsqlConnection(new NpgsqlConnectionStringBuilder(database) { Pooling = false }.ConnectionString));
        await kinto.connection.OpenAsync();
        await kinto.ExecuteAsync(
            """
            CREATE TABLE objects (id text COLLATE "C" NOT NULL, parent_id text COLLATE "C" NOT NULL, resource_name text COLLATE "C" NOT NULL, last_modified timestamp NOT NULL,
                data jsonb NOT NULL DEFAULT '{}', deleted boolean NOT NULL, PRIMARY KEY (id, parent_id, resource_name));
            CREATE UNIQUE INDEX idx_objects_parent_id_resource_name_last_modified ON objects (parent_id, resource_name, last_modified DESC);
            CREATE TABLE timestamps (parent_id text COLLATE "C" NOT NULL, resource_name text COLLATE "C" NOT NULL, last_modified timestamp NOT NULL, PRIMARY KEY (parent_id, resource_name));
            CREATE TABLE metadata (name varchar(128) NOT NULL, value varchar(512) NOT NULL);
            INSERT INTO metadata VALUES ('created_at', 'then'), ('storage_schema_version', '25'), ('storage_schema_version', '26'), ('permission_schema_version', '2');
            CREATE TABLE user_principals (user_id text COLLATE "C", principal text, PRIMARY KEY (user_id, principal));
            CREATE TABLE access_control_entries (object_id text COLLATE "C", permission text, principal text, PRIMARY KEY (object_id, permission, principal));
            """);
        return kinto;
    }

    /// <summary>The id of somebody's default bucket, as <see cref="Secret"/> has it.</summary>
    public static string DefaultBucketOf(string principal) =>
        new Guid(HMACSHA256.HashData(Encoding.UTF8.GetBytes(Secret), Encoding.UTF8.GetBytes(principal)).AsSpan(0, 16), bigEndian: true).ToString();

    /// <param name="name">The name.</param>
    /// <param name="hash">What bcrypt made of the password.</param>
    public async Task AddAccountAsync(string name, string hash)
    {
        await PutAsync(name, "account", name, Earlier, $$"""{"password": "{{hash}}"}""");
        await AllowAsync($"/accounts/{name}", "write", $"account:{name}");
    }

    public async Task AddBucketAsync(string id, string writer, long stamp, string data = "{}")
    {
        await PutAsync("", "bucket", id, stamp, data);
        await AllowAsync($"/buckets/{id}", "write", writer);
    }

    public async Task AddCollectionAsync(string bucket, string id, string writer, long stamp, string data = "{}")
    {
        await PutAsync($"/buckets/{bucket}", "collection", id, stamp, data);
        await AllowAsync($"/buckets/{bucket}/collections/{id}", "write", writer);
    }

    public async Task AddGroupAsync(string bucket, string id, string writer, long stamp, params string[] members)
    {
        await PutAsync($"/buckets/{bucket}", "group", id, stamp, $$"""{"members": [{{string.Join(',', members.Select(static member => $"\"{member}\""))}}]}""");
        await AllowAsync($"/buckets/{bucket}/groups/{id}", "write", writer);
        foreach (var member in members)
        {
            await ExecuteAsync("INSERT INTO user_principals VALUES ($1, $2)", member, $"/buckets/{bucket}/groups/{id}");
        }
    }

    public async Task AddRecordAsync(string bucket, string collection, string id, string writer, long stamp, string data = "{}")
    {
        await PutAsync($"/buckets/{bucket}/collections/{collection}", "record", id, stamp, data);
        await AllowAsync($"/buckets/{bucket}/collections/{collection}/records/{id}", "write", writer);
    }

    /// <summary>Records <c>r000000</c> and on, of which every tenth was deleted; one a millisecond from <see cref="Earlier"/> on.</summary>
    public Task AddRecordsAsync(string bucket, string collection, string writer, int count) => ExecuteAsync(
        """
        WITH made AS (
            INSERT INTO objects SELECT 'r' || lpad(n::text, 6, '0'), $1, 'record', timestamp 'epoch' + ($2 + n) * interval '1 millisecond',
                CASE WHEN n % 10 = 9 THEN '{"deleted": true}' ELSE jsonb_build_object('n', n, 'title', 'of ' || n) END, n % 10 = 9
            FROM generate_series(0, $3 - 1) n RETURNING id, deleted)
        INSERT INTO access_control_entries SELECT $1 || '/records/' || id, 'write', $4 FROM made WHERE NOT deleted
        """,
        $"/buckets/{bucket}/collections/{collection}",
        Earlier,
        count,
        writer);

    /// <summary>What is left of an object that was deleted.</summary>
    public Task BuryAsync(string parent, string kind, string id, long stamp) => ExecuteAsync(
        "INSERT INTO objects VALUES ($1, $2, $3, timestamp 'epoch' + $4 * interval '1 millisecond', '{\"deleted\": true}', true)", id, parent, kind, stamp);

    public Task AllowAsync(string path, string permission, string principal) => ExecuteAsync("INSERT INTO access_control_entries VALUES ($1, $2, $3)", path, permission, principal);

    /// <summary>The stamp that a list got when it was looked at first; with parts of a millisecond, as it has them.</summary>
    public Task StampAsync(string parent, string kind, long stamp) => ExecuteAsync(
        "INSERT INTO timestamps VALUES ($1, $2, timestamp 'epoch' + $3 * interval '1 millisecond' + interval '300 microseconds')", parent, kind, stamp);

    public Task PutAsync(string parent, string kind, string id, long stamp, string data) => ExecuteAsync(
        "INSERT INTO objects VALUES ($1, $2, $3, timestamp 'epoch' + $4 * interval '1 millisecond', $5::jsonb, false)", id, parent, kind, stamp, data);

    public async Task ExecuteAsync(string sql, params object[] values)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        foreach (var value in values)
        {
            command.Parameters.Add(new NpgsqlParameter { Value = value });
        }

        await command.ExecuteNonQueryAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await connection.DisposeAsync();
        await PostgresServer.DropDatabaseAsync(Database);
    }
}
