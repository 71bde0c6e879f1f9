using System.Globalization;
using Lockstep.Storage.PostgreSql.Rows;
using Npgsql;

namespace Lockstep.Storage.PostgreSql.Shards;

/// <summary>What a database says of itself in its table <c>meta</c>.</summary>
/// <param name="Cluster">The id of the cluster it belongs to; null in a new one.</param>
/// <param name="Secret">The cluster's secret, in hex; the home database alone has it.</param>
/// <param name="Map">The cluster's <see cref="ShardMap"/>; null in a new database, and in one of a program that knew no shards.</param>
/// <param name="Number">
/// Which database of the map it is; 0 is the home database, which gets its number when all others have theirs. Before that
/// none has been written to.
/// </param>
/// <param name="CopiedFrom">The origin of a copy that is not done.</param>
/// <param name="HasBuckets">Whether a bucket is in it, living or dead.</param>
/// <param name="HasAccounts">Whether an account is in it.</param>
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
    /// Writes what is not there yet. Of several at once the first one writes all of it and the others, who waited for its
    /// commit at the first name, nothing: give the same names in the same order.
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
