using Lockstep.Core.Storage;
using Lockstep.Storage.PostgreSql.Schema;
using Npgsql;

namespace Lockstep.Storage.PostgreSql;

/// <summary>Reads the version of the schema, on a connection of the reads' budget.</summary>
/// <param name="find">Returns the database; null until it could be opened.</param>
/// <param name="name">Its name until it was opened.</param>
/// <param name="shards">The shards that it holds; null for all.</param>
/// <param name="time">The clock.</param>
internal sealed class PostgresProbe(Func<PostgresDatabase?> find, string name, string? shards, TimeProvider time) : IDatabaseProbe
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    public async ValueTask<DatabaseState> LookAsync(CancellationToken cancellationToken)
    {
        if (find() is not { } database)
        {
            return State(name, latency: null, version: null, isLeaseHeld: false);
        }

        var begun = time.GetTimestamp();
        try
        {
            var version = await database.UseAsync(ReadVersionAsync, repeatable: true, cancellationToken).AsTask().WaitAsync(Patience, time, cancellationToken);
            return State(database.Description, time.GetElapsedTime(begun), version, database.Lease.IsHeld);
        }
        catch (Exception e) when (e is StoreUnavailableException or TimeoutException)
        {
            return State(database.Description, latency: null, version: null, database.Lease.IsHeld);
        }
    }

    private static async Task<int> ReadVersionAsync(NpgsqlConnection connection)
    {
        await using var command = new NpgsqlCommand("SELECT coalesce(max(version), 0) FROM schema_version", connection);
        return (int)(await command.ExecuteScalarAsync())!;
    }

    private DatabaseState State(string found, TimeSpan? latency, int? version, bool isLeaseHeld) =>
        new($"PostgreSQL, {found}", latency, version, PostgresSchema.Scripts[^1].Number, isLeaseHeld, shards);
}
