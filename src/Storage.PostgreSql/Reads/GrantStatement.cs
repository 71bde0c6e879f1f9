using Lockstep.Core.Buckets;
using Lockstep.Core.Storage;
using Lockstep.Core.Time;
using Lockstep.Storage.PostgreSql.Rows;
using Npgsql;

namespace Lockstep.Storage.PostgreSql.Reads;

/// <summary>A read of the index of principals.</summary>
internal static class GrantStatement
{
    private const string Start =
        """
        SELECT b.id, g.list, g.principal, g.id, g.stamp FROM buckets b JOIN grants g ON g.bucket = b.bucket
        WHERE b.id = ANY ($1) AND g.principal = ANY ($2) AND g.relation = $3
        """;

    // Members of a deleted bucket's groups are not removed at once.
    private const string OfGroups = " AND EXISTS (SELECT FROM lists l WHERE l.bucket = g.bucket AND l.role = 3 AND l.name = '' AND l.list = g.list)";

    // Looks up each group by its key, however many other groups there are.
    private const string OfSomeGroups =
        """
        SELECT b.id, g.list, g.principal, g.id, g.stamp
        FROM unnest($1, $5) AS n (bucket, id)
        CROSS JOIN LATERAL (SELECT id, bucket FROM buckets b WHERE b.id = n.bucket OFFSET 0) b
        CROSS JOIN LATERAL (SELECT list FROM lists l WHERE l.bucket = b.bucket AND l.role = 3 AND l.name = '' OFFSET 0) l
        CROSS JOIN LATERAL (
            SELECT * FROM grants g WHERE g.bucket = b.bucket AND g.list = l.list AND g.relation = $3 AND g.principal = ANY ($2) AND g.id = n.id OFFSET 0) g
        LIMIT $4
        """;

    public static NpgsqlCommand Create(NpgsqlConnection connection, GrantScan scan)
    {
        var command = new NpgsqlCommand { Connection = connection };
        var parameters = new ParameterList(command.Parameters);
        var groups = scan.Groups?.Where(static group => ScanStatement.IsText(group.Id) && ScanStatement.IsText(group.Bucket.Value)).ToList();
        if (groups is not null)
        {
            parameters.AddText(groups, static group => group.Bucket.Value);
        }
        else
        {
            parameters.AddText([.. scan.Buckets], static id => id.Value);
        }

        parameters.AddText([.. scan.Principals.Where(ScanStatement.IsText)], static principal => principal);
        parameters.Add((short)scan.Relation);
        parameters.Add((long)scan.Limit);
        if (groups is not null)
        {
            parameters.AddText(groups, static group => group.Id);
            command.CommandText = OfSomeGroups;
            return command;
        }

        if (scan.List is { } list)
        {
            parameters.Add(list);
        }

        command.CommandText = Start + (scan.List is null ? "" : " AND g.list IN (0, $5)") + (scan.Relation == GrantRelation.Member ? OfGroups : "") + " LIMIT $4";
        return command;
    }

    public static async Task<IReadOnlyList<Grant>> ReadAsync(NpgsqlDataReader reader, GrantScan scan)
    {
        var grants = new List<Grant>();
        while (await reader.ReadAsync())
        {
            var key = new GrantKey(reader.GetInt32(1), scan.Relation, reader.GetString(2), reader.GetString(3));
            grants.Add(new Grant(BucketId.Parse(reader.GetString(0)), key, new ServerTimestamp(reader.GetInt64(4))));
        }

        return grants;
    }
}
