using Lockstep.Core.Permissions;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;

namespace Lockstep.Storage.Upkeep.Check;

/// <summary>
/// Compares the index of principals, and the permissions that lists remember of their objects, with the objects. Both sides are added up row by row, so that
/// neither is held in memory.
/// </summary>
/// <param name="database">The database, in a transaction.</param>
/// <param name="buckets">The page's buckets by their keys.</param>
/// <param name="lists">Its lists by the keys of their buckets and their own.</param>
/// <param name="orphans">Lists whose rows are still to be removed.</param>
/// <param name="tell">Receives findings.</param>
internal sealed class AccessCheck(
    UpkeepDatabase database,
    IReadOnlyDictionary<long, BucketRow> buckets,
    IReadOnlyDictionary<(long Bucket, int Key), ListRow> lists,
    IReadOnlySet<(long Bucket, int Key)> orphans,
    TellRepairable tell)
{
    private const int ObjectsAtOnce = 500;

    // Rows that note when somebody's standing changed cannot be derived from anything that is still there.
    private static readonly string Derived = $"relation IN ({(int)GrantRelation.Named}, {(int)GrantRelation.Member}, {(int)GrantRelation.NamedByBucket}, {(int)GrantRelation.NamedWidely})";

    private readonly Dictionary<(long Bucket, int Key), GrantSum> expected = [];
    private readonly Dictionary<(long Bucket, int Key), GrantSum> found = [];

    public async Task RunAsync(long after, long to, CancellationToken cancellationToken)
    {
        // :: Step 1: the permissions of objects. A deleted object keeps naming people until its tombstone goes.
        var ofLists = new Dictionary<(long Bucket, ListRole Role, string Id), byte[]>();
        await database.EachAsync(
            "SELECT bucket, list, id, modified, CASE WHEN deleted THEN 1 ELSE 0 END, acl FROM records WHERE bucket > $1 AND bucket <= $2 AND acl IS NOT NULL",
            reader =>
            {
                var key = (reader.Number(0), (int)reader.Number(1));
                if (!lists.TryGetValue(key, out var list))
                {
                    return;
                }

                var (id, acl) = (reader.GetString(2), (byte[])reader.GetValue(5));
                foreach (var row in GrantRow.Of(list.Role, id, reader.Number(3), acl))
                {
                    expected[key] = expected.GetValueOrDefault(key).With(row);
                }

                if (list.Role is ListRole.Self or ListRole.Collections && reader.Number(4) == 0)
                {
                    ofLists[(list.Bucket, list.Role, id)] = acl;
                }
            },
            cancellationToken,
            after,
            to);

        // :: Step 2: the rows of the index.
        await database.EachAsync(
            $"SELECT bucket, list, relation, principal, id, stamp FROM grants WHERE bucket > $1 AND bucket <= $2 AND {Derived}",
            reader =>
            {
                var (key, relation) = ((reader.Number(0), (int)reader.Number(1)), (GrantRelation)reader.Number(2));
                found[key] = found.GetValueOrDefault(key).With(
                    new GrantRow(relation, reader.GetString(3), reader.GetString(4), GrantRow.HasStamp(relation) ? reader.Number(5) : 0));
            },
            cancellationToken,
            after,
            to);

        // :: Step 3: the differences.
        foreach (var key in expected.Keys.Union(found.Keys).Where(key => !orphans.Contains(key)).Order().ToList())
        {
            var (says, has) = (expected.GetValueOrDefault(key), found.GetValueOrDefault(key));
            if (says != has)
            {
                var list = lists.GetValueOrDefault(key);
                await tell(
                    key.Bucket, FindingKind.Access, $"{BucketCheck.Name(buckets.GetValueOrDefault(key.Bucket), key.Bucket)}, {list?.Text ?? $"list {key.Key}, which is not there"}",
                    $"The index of principals has {has.Rows} rows, and {(says.Rows == has.Rows ? "others should be there" : $"should have {says.Rows}")}.", () => WriteAsync(key, list, cancellationToken));
            }
        }

        // :: Step 4: the permissions that lists remember.
        foreach (var list in lists.Values.Where(static list => list.Role is ListRole.Self or ListRole.Records).OrderBy(static list => (list.Bucket, list.Key)))
        {
            if (buckets.TryGetValue(list.Bucket, out var bucket) && bucket.Kind == Core.Buckets.BucketKind.Kinto)
            {
                await CheckAsync(bucket, list, ofLists, cancellationToken);
            }
        }
    }

    private async Task CheckAsync(BucketRow bucket, ListRow list, Dictionary<(long, ListRole, string), byte[]> ofLists, CancellationToken cancellationToken)
    {
        var isSelf = list.Role == ListRole.Self;
        var row = ofLists.GetValueOrDefault((list.Bucket, isSelf ? ListRole.Self : ListRole.Collections, isSelf ? ObjectRef.Bucket.Id : list.Name));
        var (says, remembered) = (row is null ? null : AccessList.Read(row), list.Acl is null ? null : AccessList.Read(list.Acl));

        // A bucket's list remembers more than permissions.
        var (theirs, ours) = isSelf ? (Plain(says), Plain(remembered)) : (says, remembered);
        if (Equals(theirs, ours))
        {
            return;
        }

        var after = isSelf && remembered is not null
            ? (says ?? AccessList.Empty).WithForeignGroups(remembered.ForeignGroups).WithHorizon(remembered.Horizon)
            : says;
        await tell(bucket.Row, FindingKind.Access, $"{BucketCheck.Name(bucket, bucket.Row)}, {list.Text}", "Other permissions are remembered than its object has.", () => database.ExecuteAsync(
            "UPDATE lists SET acl = $1, acl_list = list WHERE bucket = $2 AND role = $3 AND name = $4", cancellationToken, after?.ToBytes().ToArray(), list.Bucket, (int)list.Role, list.Name));
    }

    private static AccessList? Plain(AccessList? access) => access is null or { NamesNobody: true } ? null : access.OnlyPermissions();

    /// <summary>Writes a list's part of the index anew.</summary>
    private async Task WriteAsync((long Bucket, int Key) key, ListRow? list, CancellationToken cancellationToken)
    {
        await database.ExecuteAsync($"DELETE FROM grants WHERE bucket = $1 AND list = $2 AND {Derived}", cancellationToken, key.Bucket, key.Key);
        for (var after = list is null ? null : ""; after is not null;)
        {
            var objects = await database.ReadAsync(
                $"SELECT id, modified, acl FROM records WHERE bucket = $1 AND list = $2 AND id > $3 AND acl IS NOT NULL ORDER BY id LIMIT {ObjectsAtOnce}",
                static reader => (Id: reader.GetString(0), Modified: reader.Number(1), Acl: (byte[])reader.GetValue(2)),
                cancellationToken,
                key.Bucket,
                key.Key,
                after);
            foreach (var row in objects.SelectMany(one => GrantRow.Of(list!.Role, one.Id, one.Modified, one.Acl)))
            {
                await database.ExecuteAsync(
                    "INSERT INTO grants (bucket, list, relation, principal, id, stamp) VALUES ($1, $2, $3, $4, $5, $6)",
                    cancellationToken, key.Bucket, key.Key, (int)row.Relation, row.Principal, row.Id, row.Stamp);
            }

            after = objects.Count < ObjectsAtOnce ? null : objects[^1].Id;
        }
    }
}
