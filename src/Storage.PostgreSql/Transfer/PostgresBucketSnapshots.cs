using System.Data;
using Lockstep.Core.Buckets;
using Lockstep.Core.Transfer;
using Lockstep.Storage.PostgreSql.Leases;
using Lockstep.Storage.PostgreSql.Reads;
using Lockstep.Storage.PostgreSql.Rows;
using Lockstep.Storage.PostgreSql.Shards;
using Npgsql;

namespace Lockstep.Storage.PostgreSql.Transfer;

/// <summary>Whole buckets of a cluster's databases, each in a transaction of its own.</summary>
/// <param name="databases">All databases. Each throws <see cref="Core.Storage.StoreUnavailableException"/> while it is away.</param>
/// <param name="map">Tells which of them has a bucket.</param>
internal sealed class PostgresBucketSnapshots(IReadOnlyList<Func<PostgresDatabase>> databases, ShardMap map) : IBucketSnapshots
{
    public async ValueTask<long> CountAsync(CancellationToken cancellationToken)
    {
        var counts = await InEachAsync("SELECT count(*) FROM buckets WHERE version > 0", static _ => { }, static reader => reader.GetInt64(0), cancellationToken);
        return counts.Sum();
    }

    public async ValueTask<IReadOnlyList<BucketId>> ListNamedAsync(BucketId? after, int limit, CancellationToken cancellationToken)
    {
        var found = await InEachAsync(
            "SELECT id FROM buckets WHERE id > $1 AND id < 'b;' AND version > 0 ORDER BY id LIMIT $2",
            parameters =>
            {
                parameters.AddText(after?.Value ?? "b:");
                parameters.Add((long)limit);
            },
            static reader => BucketId.Parse(reader.GetString(0)),
            cancellationToken);
        return [.. found.OrderBy(static id => id.Value, StringComparer.Ordinal).Take(limit)];
    }

    public async ValueTask<IReadOnlyList<(string Author, BucketId Bucket)>> ListForeignAsync(string after, int limit, CancellationToken cancellationToken)
    {
        var found = await InEachAsync(
            """
            SELECT author, id FROM buckets
            WHERE author > $1 AND live AND id >= 'u:' AND id < 'u;' AND author NOT LIKE 'account:%' AND author <> 'importing' ORDER BY author LIMIT $2
            """,
            parameters =>
            {
                parameters.AddText(after);
                parameters.Add((long)limit);
            },
            static reader => (Author: reader.GetString(0), Bucket: BucketId.Parse(reader.GetString(1))),
            cancellationToken);
        return [.. found.OrderBy(static one => one.Author, StringComparer.Ordinal).Take(limit)];
    }

    public async ValueTask<IBucketSnapshot?> OpenAsync(BucketId bucket, CancellationToken cancellationToken)
    {
        var held = await databases[map[bucket]]().HoldAsync(IsolationLevel.RepeatableRead, cancellationToken);
        try
        {
            var heads = await held.UseAsync(async connection =>
            {
                var pending = new PendingHeads(bucket, claim: false, cancellationToken);
                await using var batch = new NpgsqlBatch(connection);
                batch.BatchCommands.Add(ReadStatements.ForHeads([pending]));
                await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
                await ReadStatements.ReadHeadsAsync(reader, [pending], new LeaseTerm(0, 0, 0, default));
                return pending.Found;
            });
            if (heads is not null)
            {
                return new PostgresBucketSnapshot(held, heads);
            }

            await held.DisposeAsync();
            return null;
        }
        catch
        {
            await held.DisposeAsync();
            throw;
        }
    }

    private async Task<List<T>> InEachAsync<T>(string sql, Action<ParameterList> bind, Func<NpgsqlDataReader, T> read, CancellationToken cancellationToken)
    {
        var found = new List<T>();
        foreach (var database in databases)
        {
            found.AddRange(await database().UseAsync(
                async connection =>
                {
                    await using var command = new NpgsqlCommand(sql, connection);
                    bind(new ParameterList(command.Parameters));
                    await using var reader = await command.ExecuteReaderAsync(cancellationToken);
                    var rows = new List<T>();
                    while (await reader.ReadAsync(cancellationToken))
                    {
                        rows.Add(read(reader));
                    }

                    return rows;
                },
                repeatable: true,
                cancellationToken));
        }

        return found;
    }
}
