using Lockstep.Core.Records;
using Lockstep.Core.Storage;
using Lockstep.Core.Time;
using Lockstep.Core.Transfer;
using Lockstep.Storage.PostgreSql.Connections;
using Lockstep.Storage.PostgreSql.Rows;
using Npgsql;

namespace Lockstep.Storage.PostgreSql.Transfer;

/// <summary>A bucket in a transaction that sees one state.</summary>
internal sealed class PostgresBucketSnapshot(HeldConnection held, BucketHeads heads) : IBucketSnapshot
{
    public BucketHeads Heads => heads;

    public ValueTask<IReadOnlyList<StoredRecord>> ReadAsync(int list, string after, int limit, long maxBytes, CancellationToken cancellationToken) => held.UseAsync(
        async connection =>
        {
            // The sum cuts on the server, so that rows that are left out are not sent.
            await using var command = new NpgsqlCommand(
                $"""
                SELECT {RecordColumns.Names} FROM (
                    SELECT *, sum(octet_length(body) + coalesce(octet_length(acl), 0)) OVER (ORDER BY id) - octet_length(body) - coalesce(octet_length(acl), 0) AS before
                    FROM (SELECT {RecordColumns.Names} FROM records WHERE bucket = $1 AND list = $2 AND id > $3 ORDER BY id LIMIT $4) r) r
                WHERE before < $5 ORDER BY id
                """, connection);
            var parameters = new ParameterList(command.Parameters);
            parameters.Add(heads.Row);
            parameters.Add(list);
            parameters.AddText(after);
            parameters.Add((long)limit);
            parameters.Add(maxBytes);
            await using var reader = await command.ExecuteReaderAsync(cancellationToken);
            var rows = new List<StoredRecord>();
            while (await reader.ReadAsync(cancellationToken))
            {
                rows.Add(RecordColumns.Read(reader));
            }

            return (IReadOnlyList<StoredRecord>)rows;
        });

    public ValueTask<IReadOnlyList<(GrantKey Key, ServerTimestamp Stamp)>> ReadChangesAsync(CancellationToken cancellationToken) => held.UseAsync(
        async connection =>
        {
            await using var command = new NpgsqlCommand(
                "SELECT list, principal, id, stamp FROM grants WHERE bucket = $1 AND relation = $2 ORDER BY list, principal, id", connection);
            var parameters = new ParameterList(command.Parameters);
            parameters.Add(heads.Row);
            parameters.Add((short)GrantRelation.Changed);
            await using var reader = await command.ExecuteReaderAsync(cancellationToken);
            var rows = new List<(GrantKey, ServerTimestamp)>();
            while (await reader.ReadAsync(cancellationToken))
            {
                rows.Add((new GrantKey(reader.GetInt32(0), GrantRelation.Changed, reader.GetString(1), reader.GetString(2)), new ServerTimestamp(reader.GetInt64(3))));
            }

            return (IReadOnlyList<(GrantKey, ServerTimestamp)>)rows;
        });

    public ValueTask DisposeAsync() => held.DisposeAsync();
}
