using System.Globalization;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;
using Lockstep.Storage.PostgreSql.Rows;
using Npgsql;
using NpgsqlTypes;

namespace Lockstep.Storage.PostgreSql.Commits;

/// <summary>
/// Commits of many buckets as one statement, which is one transaction. Invariants:
/// <list type="number">
/// <item>Nothing happens unless the writer's row is at the previous sequence and not fenced. Afterwards it is at this sequence,
/// and names the commits that were done. So a lost answer can be looked up, and a late statement does nothing.</item>
/// <item>Bucket rows are locked in order, and rows that another transaction has locked are skipped: no bucket waits for another.</item>
/// <item>A bucket's commit is done as a whole if its version is the previous one, of this server's history (<see cref="Incarnation"/>), its clock
/// rises and no account that it names is closed; otherwise not at all. The statement sees accounts that were closed before it began. Closing an account ensures that no
/// statement which began earlier is done after it (<see cref="AccountFence"/>).</item>
/// </list>
/// </summary>
internal static class CommitStatement
{
    /// <summary>
    /// Identifies the server that runs the statement. A promoted standby has its own. A version that was read from another server, which may
    /// have had commits that this one never got, is not a version of this server.
    /// </summary>
    public const string Incarnation = "(extract(epoch FROM pg_postmaster_start_time()) * 1000000)::bigint";

    private const string Changes =
        $"""
        WITH lane AS MATERIALIZED (
            SELECT writer FROM writers WHERE writer = $1 AND sequence = $2 - 1 AND NOT fenced FOR UPDATE
        ), locked AS MATERIALIZED (
            SELECT i.*, b.version AS stored_version, b.clock AS stored_clock, b.holder AS previous
            FROM unnest($4, $5, $6, $7, $8, $9, $10, $11, $12, $40) AS i (bucket, version, clock, live, base, next_key, author, author_number, nonce, incarnation)
            JOIN buckets b ON b.bucket = i.bucket
            WHERE EXISTS (SELECT FROM lane)
            ORDER BY b.bucket FOR UPDATE OF b SKIP LOCKED
        ), barred AS MATERIALIZED (
            SELECT i.bucket, array_agg(i.number) AS numbers
            FROM unnest($38, $39) AS i (bucket, number)
            CROSS JOIN LATERAL (SELECT FROM closed_accounts c WHERE c.number = i.number OFFSET 0) c
            GROUP BY i.bucket
        ), done AS (
            UPDATE buckets b
            SET version = l.version, clock = l.clock, live = l.live, base = l.base, next_key = l.next_key, author = l.author, author_number = l.author_number,
                author_base = l.base, holder = $3
            FROM locked l
            WHERE b.bucket = l.bucket AND l.stored_version = l.version - 1 AND l.stored_clock < l.clock
                AND l.incarnation IN (0, {Incarnation})
                AND NOT EXISTS (SELECT FROM barred r WHERE r.bucket = l.bucket)
            RETURNING b.bucket, l.nonce, l.previous
        ), told AS (
            INSERT INTO takeovers (process, bucket)
            SELECT d.previous, d.bucket FROM done d WHERE d.previous <> $3
        ), removed AS (
            DELETE FROM lists l USING unnest($13, $14, $15) AS i (bucket, role, name), done d
            WHERE d.bucket = i.bucket AND l.bucket = i.bucket AND l.role = i.role AND l.name = i.name
        ), listed AS (
            INSERT INTO lists (bucket, {ListColumns.Names}, acl_list)
            SELECT i.* FROM unnest($16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $41, $42) AS i (bucket, {ListColumns.Names}, acl_list)
            JOIN done d ON d.bucket = i.bucket
            ON CONFLICT (bucket, role, name) DO UPDATE SET list = excluded.list, rows_modified = excluded.rows_modified,
                touched = excluded.touched, count = excluded.count, bytes = excluded.bytes, horizon = excluded.horizon,
                next_expiry = excluded.next_expiry, acl = CASE WHEN excluded.acl_list IS NULL THEN lists.acl ELSE excluded.acl END,
                acl_list = coalesce(excluded.acl_list, lists.acl_list)
        ), orphaned AS (
            INSERT INTO orphans (bucket, list)
            SELECT i.bucket, i.list FROM unnest($26, $27) AS i (bucket, list) JOIN done d ON d.bucket = i.bucket
            ON CONFLICT DO NOTHING
        ), stored AS (
            INSERT INTO records (bucket, list, {RecordColumns.Names})
            SELECT i.* FROM unnest($28, $29, $30, $31, $32, $33, $34, $35, $36, $37) AS i (bucket, list, {RecordColumns.Names})
            JOIN done d ON d.bucket = i.bucket
            ON CONFLICT (bucket, list, id) DO UPDATE SET modified = excluded.modified, deleted = excluded.deleted,
                body = excluded.body, author = excluded.author, acl = excluded.acl, sortindex = excluded.sortindex,
                expiry = excluded.expiry
        ), settled AS (
            UPDATE writers w SET sequence = $2, done = ARRAY(SELECT nonce FROM done) FROM lane WHERE w.writer = lane.writer
        )
        """;

    // Parts that most commits do not need.
    private const string More =
        """
        , purged AS (
            DELETE FROM records r USING unnest($43, $44, $45, $46) AS i (bucket, list, id, live), done d
            WHERE d.bucket = i.bucket AND r.bucket = i.bucket AND r.list = i.list AND r.id = i.id AND (r.deleted OR i.live)
        ), ungranted AS (
            DELETE FROM grants g USING unnest($47, $48, $49, $50, $51) AS i (bucket, list, relation, principal, id), done d
            WHERE d.bucket = i.bucket AND g.bucket = i.bucket AND g.list = i.list AND g.relation = i.relation AND g.principal = i.principal AND g.id = i.id
        ), granted AS (
            INSERT INTO grants (bucket, list, relation, principal, id, stamp)
            SELECT i.* FROM unnest($52, $53, $54, $55, $56, $57) AS i (bucket, list, relation, principal, id, stamp) JOIN done d ON d.bucket = i.bucket
            ON CONFLICT (bucket, list, relation, principal, id) DO UPDATE SET stamp = excluded.stamp
        )
        """;

    // Rows as they are before the statement, which does not see its own writes.
    private const string Former =
        $"""
        , former AS (
            INSERT INTO records (bucket, list, {RecordColumns.Names})
            SELECT i.bucket, i.to_list, i.to_id, i.modified, false, r.body, r.author, NULL::bytea, NULL::integer, NULL::bigint
            FROM unnest($58, $59, $60, $61, $62, $63) AS i (bucket, list, id, to_list, to_id, modified)
            JOIN done d ON d.bucket = i.bucket
            CROSS JOIN LATERAL (
                SELECT body, author FROM records r WHERE r.bucket = i.bucket AND r.list = i.list AND r.id = i.id AND NOT r.deleted OFFSET 0) r
        )
        """;

    // Parts that buckets without indexes on fields do not need.
    private const string Indexed =
        """
        , indexed AS (
            INSERT INTO field_indexes (bucket, field, list, path, touched, whole, built, built_to)
            SELECT i.* FROM unnest($64, $65, $66, $67, $68, $69, $70, $71) AS i (bucket, field, list, path, touched, whole, built, built_to)
            JOIN done d ON d.bucket = i.bucket
            ON CONFLICT (bucket, field) DO UPDATE SET path = excluded.path, touched = excluded.touched, whole = excluded.whole, built = excluded.built,
                built_to = excluded.built_to
        ), unkeyed AS (
            DELETE FROM field_keys k USING unnest($72, $73, $74) AS i (bucket, field, id), done d
            WHERE d.bucket = i.bucket AND k.bucket = i.bucket AND k.field = i.field AND k.id = i.id
        ), keyed AS (
            INSERT INTO field_keys (bucket, field, id, modified, key)
            SELECT i.* FROM unnest($75, $76, $77, $78, $79) AS i (bucket, field, id, modified, key) JOIN done d ON d.bucket = i.bucket
            ON CONFLICT (bucket, field, id) DO UPDATE SET modified = excluded.modified, key = excluded.key
        )
        """;

    private const string Answer =
        $"""

        SELECT NULL::bigint, NULL::boolean, NULL::bigint[], {Incarnation} FROM lane
        UNION ALL
        SELECT l.bucket, d.bucket IS NOT NULL, r.numbers, NULL
        FROM locked l LEFT JOIN done d ON d.bucket = l.bucket LEFT JOIN barred r ON r.bucket = l.bucket
        """;

    /// <param name="connection">The connection to run on.</param>
    /// <param name="writer">The writer's row.</param>
    /// <param name="sequence">The number of this transaction under it.</param>
    /// <param name="process">The process that answers for the buckets from memory from now on.</param>
    /// <param name="group">Commits whose buckets have rows; each bucket at most once.</param>
    /// <param name="within">The time after which the server ends it, so that the result arrives before the answer is due. Null for the connection's own time-out, which costs nothing.</param>
    public static NpgsqlBatch Create(
        NpgsqlConnection connection, long writer, long sequence, long process, IReadOnlyList<PendingCommit> group, TimeSpan? within)
    {
        var batch = new NpgsqlBatch(connection);
        if (within is { } limit)
        {
            // Applies to this transaction only, since a batch is one transaction.
            var bound = new NpgsqlBatchCommand("SELECT set_config('statement_timeout', $1, true)");
            new ParameterList(bound.Parameters).AddText(((long)limit.TotalMilliseconds).ToString(CultureInfo.InvariantCulture));
            batch.BatchCommands.Add(bound);
        }

        var purged = Flatten(group, static pending => pending.Commit.PurgedRecords).ConvertAll(static row => (row.Bucket, row.Value, Live: false));
        purged.AddRange(Flatten(group, static pending => pending.Commit.RemovedRecords).Select(static row => (row.Bucket, row.Value, Live: true)));
        var grants = Flatten(group, static pending => pending.Commit.Grants);
        var (copies, isIndexed) = (Flatten(group, static pending => pending.Commit.Copies), false);
        for (var i = 0; i < group.Count; i++)
        {
            isIndexed = isIndexed || group[i].Commit.Indexes.Count > 0;
        }

        var isRare = copies.Count > 0 || isIndexed;
        var isPlain = purged.Count == 0 && grants.Count == 0 && !isRare;
        var command = new NpgsqlBatchCommand(isPlain ? Changes + Answer : isRare ? Changes + More + Former + Indexed + Answer : Changes + More + Answer);
        batch.BatchCommands.Add(command);
        var parameters = new ParameterList(command.Parameters);
        parameters.Add(writer);
        parameters.Add(sequence);
        parameters.Add(process);

        // :: Buckets
        AddHeads(parameters, group, static pending => pending.Row, static pending => pending.Commit.Heads);
        parameters.Add(group, static pending => pending.Commit.Nonce);

        // :: Forgotten lists
        var removed = Flatten(group, static pending => pending.Commit.RemovedLists);
        parameters.Add(removed, static list => list.Bucket);
        parameters.Add(removed, static list => (short)list.Value.Role);
        parameters.AddText(removed, static list => list.Value.Name);

        // :: Lists
        var lists = Flatten(group, static pending => pending.Commit.Lists);
        AddLists(parameters, lists);

        // :: Orphans
        var orphans = Flatten(group, static pending => pending.Commit.OrphanedKeys);
        parameters.Add(orphans, static orphan => orphan.Bucket);
        parameters.Add(orphans, static orphan => orphan.Value);

        // :: Records
        var records = Flatten(group, static pending => pending.Commit.Records);
        parameters.Add(records, static record => record.Bucket);
        parameters.Add(records, static record => record.Value.Key);
        AddRecords(parameters, records, static record => record.Value.Value);

        // :: Accounts in whose names it is written
        var accounts = Flatten(group, static pending => pending.Commit.Accounts);
        parameters.Add(accounts, static account => account.Bucket);
        parameters.Add(accounts, static account => account.Value);

        // :: The history that the versions continue
        parameters.Add(group, static pending => pending.Commit.Heads.Incarnation);

        // :: Changed data of lists' objects. It can be long, and most writes leave it alone.
        var (said, by) = (new ReadOnlyMemory<byte>?[lists.Count], new int?[lists.Count]);
        var place = 0;
        foreach (var pending in group)
        {
            foreach (var head in pending.Commit.Lists)
            {
                if (pending.Commit.StoresAclOf(head.List))
                {
                    (said[place], by[place]) = (AclOf(head), head.Key);
                }

                place++;
            }
        }

        parameters.Add(said);
        parameters.Add(by);

        // :: Rows that are deleted for good, and the index of principals
        if (!isPlain)
        {
            parameters.Add(purged, static record => record.Bucket);
            parameters.Add(purged, static record => record.Value.List);
            parameters.AddText(purged, static record => record.Value.Id);
            parameters.Add(purged, static record => record.Live);
            var gone = grants.FindAll(static grant => grant.Value.Value is null);
            AddGrants(parameters, gone, static grant => grant.Bucket, static grant => grant.Value.Key);
            var there = grants.FindAll(static grant => grant.Value.Value is not null);
            AddGrants(parameters, there, static grant => grant.Bucket, static grant => grant.Value.Key);
            parameters.Add(there, static grant => grant.Value.Value!.Value.Milliseconds);
        }

        // :: Rows that are copied, and the rows of indexes on fields
        if (isRare)
        {
            parameters.Add(copies, static copy => copy.Bucket);
            parameters.Add(copies, static copy => copy.Value.From.List);
            parameters.AddText(copies, static copy => copy.Value.From.Id);
            parameters.Add(copies, static copy => copy.Value.To.List);
            parameters.AddText(copies, static copy => copy.Value.To.Id);
            parameters.Add(copies, static copy => copy.Value.Modified.Milliseconds);
            AddIndexes(parameters, Flatten(group, static pending => pending.Commit.Indexes));
            var keys = Flatten(group, static pending => pending.Commit.FieldKeys);
            var gone = keys.FindAll(static row => row.Value.Key is null);
            AddKeys(parameters, gone);
            var there = keys.FindAll(static row => row.Value.Key is not null);
            AddKeys(parameters, there);
            parameters.Add(there, static row => row.Value.Modified.Milliseconds);
            parameters.Add(there, static row => row.Value.Key!.Value);
        }

        return batch;
    }

    /// <summary>The bucket's row, the keys of the index and of its list, the path, the list's stamp, whether it is complete, and how far it is built. No path means dropped.</summary>
    public static void AddIndexes(ParameterList parameters, IReadOnlyList<(long Bucket, FieldIndexChange Value)> rows)
    {
        parameters.Add(rows, static row => row.Bucket);
        parameters.Add(rows, static row => row.Value.Index.Key);
        parameters.Add(rows, static row => row.Value.List);
        parameters.AddText(rows, static row => row.Value.Touched is null ? null : row.Value.Index.Path);
        parameters.Add(rows, static row => row.Value.Touched?.Milliseconds ?? 0);
        parameters.Add(rows, static row => row.Value.Index.IsWhole);
        parameters.Add(rows, static row => row.Value.Index.Built);
        parameters.AddText(rows, static row => row.Value.Index.BuiltTo);
    }

    private static void AddKeys(ParameterList parameters, IReadOnlyList<(long Bucket, FieldKeyChange Value)> rows)
    {
        parameters.Add(rows, static row => row.Bucket);
        parameters.Add(rows, static row => row.Value.Index);
        parameters.AddText(rows, static row => row.Value.Id);
    }

    /// <summary>The bucket's row, list, relation, principal and id.</summary>
    public static void AddGrants<T>(ParameterList parameters, IReadOnlyList<T> rows, Func<T, long> rowOf, Func<T, GrantKey> keyOf)
    {
        parameters.Add(rows, rowOf);
        parameters.Add(rows, row => keyOf(row).List);
        parameters.Add(rows, row => (short)keyOf(row).Relation);
        parameters.AddText(rows, row => keyOf(row).Principal);
        parameters.AddText(rows, row => keyOf(row).Id);
    }

    /// <summary>The data of the list's object.</summary>
    public static ReadOnlyMemory<byte>? AclOf(ListHead head) => head.Acl?.ToBytes();

    /// <summary>Row, version, clock, live, base, next key, author, author's number.</summary>
    public static void AddHeads<T>(ParameterList parameters, IReadOnlyList<T> rows, Func<T, long> rowOf, Func<T, BucketHeads> headsOf)
    {
        parameters.Add(rows, rowOf);
        parameters.Add(rows, row => headsOf(row).Version);
        parameters.Add(rows, row => headsOf(row).Clock.Milliseconds);
        parameters.Add(rows, row => headsOf(row).Exists);
        parameters.Add(rows, row => headsOf(row).Base.Milliseconds);
        parameters.Add(rows, row => headsOf(row).NextKey);
        parameters.AddText(rows, row => headsOf(row).Author);
        parameters.Add(rows, row => headsOf(row).AuthorNumber);
    }

    /// <summary>The bucket's row, then the columns of <see cref="ListColumns"/>.</summary>
    public static void AddLists(ParameterList parameters, IReadOnlyList<(long Bucket, ListHead Head)> rows)
    {
        parameters.Add(rows, static row => row.Bucket);
        parameters.Add(rows, static row => (short)row.Head.List.Role);
        parameters.AddText(rows, static row => row.Head.List.Name);
        parameters.Add(rows, static row => row.Head.Key);
        parameters.Add(rows, static row => row.Head.RowsModified.Milliseconds);
        parameters.Add(rows, static row => row.Head.Touched.Milliseconds);
        parameters.Add(rows, static row => row.Head.Count);
        parameters.Add(rows, static row => row.Head.Bytes);
        parameters.Add(rows, static row => row.Head.Horizon.Milliseconds);
        parameters.Add(rows, static row => row.Head.NextExpiry?.Milliseconds);
    }

    /// <summary>The columns of <see cref="RecordColumns"/>, for one <c>unnest</c> together with other arrays of the same length.</summary>
    public static void AddRecords<T>(ParameterList parameters, IReadOnlyList<T> rows, Func<T, StoredRecord> recordOf)
    {
        parameters.AddText(rows, row => recordOf(row).Id);
        parameters.Add(rows, row => recordOf(row).Modified.Milliseconds);
        parameters.Add(rows, row => recordOf(row).IsTombstone);
        parameters.Add(rows, row => recordOf(row).Body);
        parameters.AddText(rows, row => recordOf(row).Author);
        parameters.AddSparse(rows, row => recordOf(row).Acl);
        parameters.AddSparse(rows, row => recordOf(row).SortIndex);
        parameters.AddSparse(rows, row => recordOf(row).Expiry?.Milliseconds);
    }

    private static List<(long Bucket, T Value)> Flatten<T>(IReadOnlyList<PendingCommit> group, Func<PendingCommit, IReadOnlyList<T>> of)
    {
        var flat = new List<(long, T)>();
        foreach (var pending in group)
        {
            var values = of(pending);
            for (var i = 0; i < values.Count; i++)
            {
                flat.Add((pending.Row, values[i]));
            }
        }

        return flat;
    }
}
