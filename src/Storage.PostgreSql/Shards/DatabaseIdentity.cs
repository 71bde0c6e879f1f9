using System.Globalization;
using Lockstep.Storage.PostgreSql.Rows;
using Npgsql;

namespace Lockstep.Storage.PostgreSql.Shards;

/// <summary>What a database says about itself in its table <c>meta</c>.</summary>
/// <param name="Cluster">The id of the cluster it belongs to; null in a new one.</param>
/// <param name="Secret">The cluster's secret, in hex. Only the home database has it.</param>
/// <param name="Map">The cluster's <see cref="ShardMap"/>; null in a new database, and in one made by a program that did not know shards.</param>
/// <param name="Number">
/// Its number in the map. 0 is the home database, which gets its number when all others have theirs. Before that, no
/// bucket has been written to any of them.
/// </param>
/// <param name="CopiedFrom">The origin of an unfinished copy.</param>
/// <param name="HasBuckets">Whether it has a bucket, existing or deleted.</param>
/// <param name="HasAccounts">Whether it has an account.</param>
internal sealed record DatabaseIdentity(
    string? Cluster, string? Secret, string? Map, int? Number, string? CopiedFrom, bool HasBuckets, bool HasAccounts)
{
    public const string MapName = "shards";
    public const string NumberName = "database";

    public static async Task<DatabaseIdentity> ReadAsync(NpgsqlDataSource source, CancellationToken cancellationToken)
    {
        await using var batch = source.CreateBatch();
        batch.BatchCommands.Add(new NpgsqlBatchCommand("SELECT EXISTS (SELECT FROM buckets), EXISTS (SELECT FROM accounts)"));
        batch.BatchCommands.Add(new NpgsqlBatchCommand("SELECT name, value FROM meta"));
        await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        var (hasBuckets, hasAccounts) = (reader.GetBoolean(0), reader.GetBoolean(1));
        await reader.NextResultAsync(cancellationToken);
        var meta = new Dictionary<string, string>(StringComparer.Ordinal);
        while (await reader.ReadAsync(cancellationToken))
        {
            meta[reader.GetString(0)] = reader.GetString(1);
        }

        return new DatabaseIdentity(
            meta.GetValueOrDefault("cluster"),
            meta.GetValueOrDefault("secret"),
            meta.GetValueOrDefault(MapName),
            meta.TryGetValue(NumberName, out var number) ? int.Parse(number, NumberStyles.None, CultureInfo.InvariantCulture) : null,
            meta.GetValueOrDefault(PostgresImport.Mark),
            hasBuckets,
            hasAccounts);
    }

    /// <summary>
    /// Writes the facts that are not there yet. Of several processes at once, the first one writes all of them. The others wait for its commit at the first name,
    /// and write nothing. So all must give the same names in the same order.
    /// </summary>
    public static async Task WriteAsync(NpgsqlDataSource source, CancellationToken cancellationToken, params (string Name, string Value)[] facts)
    {
        await using var command = source.CreateCommand("INSERT INTO meta (name, value) SELECT * FROM unnest($1, $2) ON CONFLICT DO NOTHING");
        var parameters = new ParameterList(command.Parameters);
        parameters.AddText(facts, static fact => fact.Name);
        parameters.AddText(facts, static fact => fact.Value);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
