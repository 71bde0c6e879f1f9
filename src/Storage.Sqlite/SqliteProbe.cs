using Lockstep.Core.Storage;
using Lockstep.Storage.Sqlite.Schema;

namespace Lockstep.Storage.Sqlite;

/// <summary>Reads the version of the schema.</summary>
/// <param name="database">The database.</param>
/// <param name="name">Its name for people.</param>
/// <param name="time">The clock.</param>
public sealed class SqliteProbe(SqliteDatabase database, string name, TimeProvider time) : IDatabaseProbe
{
    private const string FindVersion = "SELECT max(version) FROM (SELECT version FROM schema_version UNION ALL SELECT version FROM schema_additions)";

    public ValueTask<DatabaseState> LookAsync(CancellationToken cancellationToken)
    {
        var begun = time.GetTimestamp();
        try
        {
            var version = database.Read(static statements =>
            {
                using var reader = statements.Prepare(FindVersion).ExecuteReader();
                reader.Read();
                return reader.GetInt32(0);
            });
            return ValueTask.FromResult(State(time.GetElapsedTime(begun), version));
        }
        catch (StoreUnavailableException)
        {
            return ValueTask.FromResult(State(latency: null, version: null));
        }
    }

    private DatabaseState State(TimeSpan? latency, int? version) => new(name, latency, version, SqliteSchema.Scripts[^1].Number, IsLeaseHeld: null, Shards: null);
}
