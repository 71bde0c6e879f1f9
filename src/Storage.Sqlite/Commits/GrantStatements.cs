using System.Text.Json;
using Lockstep.Core.Storage;
using Lockstep.Core.Time;

namespace Lockstep.Storage.Sqlite.Commits;

/// <summary>
/// A commit's changes to the index of principals. An object can name thousands, and all other writes wait meanwhile. So the changes of one object go into one
/// statement, which takes a fraction of the time of a statement for each.
/// </summary>
internal static class GrantStatements
{
    private const int Few = 16;

    public static void Run(SqliteStatements statements, long bucket, IReadOnlyList<KeyValuePair<GrantKey, ServerTimestamp?>> grants)
    {
        if (grants.Count <= Few)
        {
            foreach (var (key, stamp) in grants)
            {
                RunOne(statements, bucket, key, stamp);
            }

            return;
        }

        foreach (var rows in grants.GroupBy(static grant => (grant.Key.List, grant.Key.Relation, grant.Key.Id, grant.Value), static grant => grant.Key))
        {
            var (list, relation, id, stamp) = rows.Key;

            // SQLite's JSON ends a text at its first NUL.
            var principals = rows.Where(static key => !key.Principal.Contains('\0', StringComparison.Ordinal)).Select(static key => key.Principal).Order(StringComparer.Ordinal).ToList();
            if (principals.Count <= Few)
            {
                foreach (var key in rows)
                {
                    RunOne(statements, bucket, key, stamp);
                }

                continue;
            }

            foreach (var key in rows.Where(static key => key.Principal.Contains('\0', StringComparison.Ordinal)))
            {
                RunOne(statements, bucket, key, stamp);
            }

            RunMany(statements, bucket, list, relation, id, stamp, JsonSerializer.Serialize(principals));
        }
    }

    private static void RunOne(SqliteStatements statements, long bucket, GrantKey key, ServerTimestamp? stamp)
    {
        if (stamp is { } at)
        {
            statements.Execute(
                "INSERT INTO grants VALUES ($0, $1, $2, $3, $4, $5) ON CONFLICT (bucket, list, relation, principal, id) DO UPDATE SET stamp = $5",
                bucket, (long)key.List, (long)key.Relation, key.Principal, key.Id, at.Milliseconds);
        }
        else
        {
            statements.Execute(
                "DELETE FROM grants WHERE bucket = $0 AND list = $1 AND relation = $2 AND principal = $3 AND id = $4",
                bucket, (long)key.List, (long)key.Relation, key.Principal, key.Id);
        }
    }

    private static void RunMany(SqliteStatements statements, long bucket, int list, GrantRelation relation, string id, ServerTimestamp? stamp, string principals)
    {
        if (stamp is { } at)
        {
            // Without a WHERE, ON would belong to the SELECT.
            statements.Execute(
                """
                INSERT INTO grants SELECT $0, $1, $2, value, $3, $4 FROM json_each($5) WHERE true
                ON CONFLICT (bucket, list, relation, principal, id) DO UPDATE SET stamp = excluded.stamp
                """,
                bucket, (long)list, (long)relation, id, at.Milliseconds, principals);
        }
        else
        {
            statements.Execute(
                "DELETE FROM grants WHERE bucket = $0 AND list = $1 AND relation = $2 AND id = $3 AND principal IN (SELECT value FROM json_each($4))",
                bucket, (long)list, (long)relation, id, principals);
        }
    }
}
