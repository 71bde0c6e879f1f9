using System.Data.Common;
using System.Security.Cryptography;
using System.Text;
using Lockstep.Gateway.Sync11.Tests;
using Microsoft.Data.Sqlite;

namespace Lockstep.EndToEnd.ServerFull;

/// <summary>A database as server-full makes it (SQLAlchemy's statements for its tables), with users and records that a test says.</summary>
internal sealed class OldDatabase : IAsyncDisposable
{
    private readonly DbConnection connection;
    private readonly Dictionary<(long User, string Collection), long> collections = [];

    private OldDatabase(DbConnection connection) => this.connection = connection;

    /// <summary>Seconds since the epoch, an hour ago.</summary>
    public static long Earlier { get; } = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds() - 3600;

    public static Task<OldDatabase> CreateSqliteAsync(string path, int shards = 0) =>
        CreateAsync(new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false }.ToString()), "", shards);

    public static async Task<OldDatabase> CreateAsync(DbConnection connection, string tableOptions, int shards = 0)
    {
        var database = new OldDatabase(connection);
        await connection.OpenAsync();
        await database.ExecuteAsync(
            """
            CREATE TABLE user (userid INTEGER NOT NULL, username VARCHAR(32) NOT NULL, password VARCHAR(128), accountStatus INTEGER DEFAULT 1, mail VARCHAR(64),
                mailVerified INTEGER DEFAULT 0, syncNode VARCHAR(64), PRIMARY KEY (userid), UNIQUE (username))
            """);
        await database.ExecuteAsync("CREATE TABLE collections (userid INTEGER NOT NULL, collectionid INTEGER NOT NULL, name VARCHAR(32) NOT NULL, PRIMARY KEY (userid, collectionid))");
        foreach (var table in shards == 0 ? ["wbo"] : Enumerable.Range(0, shards).Select(static shard => $"wbo{shard}"))
        {
            await database.ExecuteAsync(
                $"""
                CREATE TABLE {table} (id VARCHAR(64) NOT NULL, username INTEGER NOT NULL, collection INTEGER NOT NULL, parentid VARCHAR(64), predecessorid VARCHAR(64),
                    sortindex INTEGER, modified BIGINT, payload TEXT, payload_size INTEGER NOT NULL, ttl INTEGER, PRIMARY KEY (id, username, collection)) {tableOptions}
                """);
        }

        return database;
    }

    /// <summary>As that server hashed a password by SHA-256.</summary>
    public static string Hash(string password)
    {
        var salt = "aB3dE6gH"u8.ToArray();
        return "{SSHA-256}" + Convert.ToBase64String([.. SHA256.HashData([.. Encoding.UTF8.GetBytes(password), .. salt]), .. salt]);
    }

    /// <returns>The user's name: made of the address.</returns>
    public async Task<string> AddUserAsync(long id, string email, string? hash, int status = 1)
    {
        var name = WeaveClient.NameOf(email);
        await AddNamedUserAsync(id, name, email, hash, status);
        return name;
    }

    public Task AddNamedUserAsync(long id, string name, string? email, string? hash, int status = 1) => ExecuteAsync(
        "INSERT INTO user (userid, username, password, accountStatus, mail, syncNode) VALUES (@id, @name, @hash, @status, @mail, NULL)",
        ("@id", id), ("@name", name), ("@hash", hash), ("@status", status), ("@mail", email));

    public Task AddCollectionAsync(long user, long number, string name)
    {
        collections[(user, name)] = number;
        return ExecuteAsync("INSERT INTO collections VALUES (@user, @number, @name)", ("@user", user), ("@number", number), ("@name", name));
    }

    /// <param name="user">The number.</param>
    /// <param name="collection">The name; it is made where it is not there.</param>
    /// <param name="id">The record's.</param>
    /// <param name="payload">The payload.</param>
    /// <param name="modified">Hundredths of a second; an hour ago if it is not said.</param>
    /// <param name="sortIndex">The weight.</param>
    /// <param name="ttl">The second from which on it is not there; never if it is not said.</param>
    /// <param name="table">The table.</param>
    public async Task AddRecordAsync(long user, string collection, string id, string payload, long? modified = null, int? sortIndex = null, long ttl = 2_100_000_000, string table = "wbo")
    {
        if (!collections.ContainsKey((user, collection)))
        {
            await AddCollectionAsync(user, collections.Count(known => known.Key.User == user), collection);
        }

        await AddRecordAsync(user, collections[(user, collection)], id, payload, modified, sortIndex, ttl, table);
    }

    /// <summary>As above, with the collection's number.</summary>
    public Task AddRecordAsync(long user, long collection, string id, string payload, long? modified = null, int? sortIndex = null, long ttl = 2_100_000_000, string table = "wbo") => ExecuteAsync(
        $"INSERT INTO {table} (id, username, collection, sortindex, modified, payload, payload_size, ttl) VALUES (@id, @user, @collection, @sortindex, @modified, @payload, @size, @ttl)",
        ("@id", id), ("@user", user), ("@collection", collection), ("@sortindex", sortIndex), ("@modified", modified ?? Earlier * 100), ("@payload", payload), ("@size", Encoding.UTF8.GetByteCount(payload)), ("@ttl", ttl));

    /// <summary>Many users of a few records each, in one transaction.</summary>
    public async Task AddManyAsync(int users, int records)
    {
        await ExecuteAsync("BEGIN");
        for (var user = 1; user <= users; user++)
        {
            await AddUserAsync(user, $"many{user}@example.org", Hash($"the password of {user}"));
            for (var record = 0; record < records; record++)
            {
                await AddRecordAsync(user, "history", $"h{record}", $"{user}|{record}", (Earlier * 100) + record);
            }
        }

        await ExecuteAsync("COMMIT");
    }

    public async Task ExecuteAsync(string sql, params (string Name, object? Value)[] values)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        foreach (var (name, value) in values)
        {
            var parameter = command.CreateParameter();
            (parameter.ParameterName, parameter.Value) = (name, value ?? DBNull.Value);
            command.Parameters.Add(parameter);
        }

        await command.ExecuteNonQueryAsync();
    }

    public ValueTask DisposeAsync() => connection.DisposeAsync();
}
