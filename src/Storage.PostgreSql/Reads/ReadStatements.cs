using System.Globalization;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;
using Lockstep.Core.Time;
using Lockstep.Storage.PostgreSql.Commits;
using Lockstep.Storage.PostgreSql.Leases;
using Lockstep.Storage.PostgreSql.Rows;
using Npgsql;

namespace Lockstep.Storage.PostgreSql.Reads;

/// <summary>Reads for many buckets at once. Each statement is a snapshot of its own.</summary>
internal static class ReadStatements
{
    /// <summary>Bodies above this many bytes are left out, since a few of them would delay everybody else's reads.</summary>
    public const int LargeBody = 64 << 10;

    // The wanted parts of a row, by the numbers of Projection.
    private const string Whole = "0";
    private const string Outline = "3";

    // The subqueries keep the planner to one index look-up a row, whatever it believes about the size of new tables.
    private static readonly string Rows =
        $"""
        SELECT k.n, k.list, {RecordColumns.Names}, length
        FROM unnest($1, $2, $3, $4, $5) AS k (n, bucket, list, key, parts)
        CROSS JOIN LATERAL (
            SELECT id, modified, deleted, CASE WHEN k.parts = {Whole} AND octet_length(body) <= {LargeBody.ToString(CultureInfo.InvariantCulture)} THEN body END AS body,
                author, CASE WHEN k.parts = {Outline} THEN {RecordColumns.OutlinedAcl} ELSE acl END AS acl, sortindex, expiry,
                CASE WHEN k.parts <> {Whole} THEN octet_length(body) END AS length
            FROM records r WHERE r.bucket = k.bucket AND r.list = k.list AND r.id = k.key OFFSET 0) r
        """;

    private const string Claim =
        """
        WITH wanted AS MATERIALIZED (
            SELECT b.bucket, b.holder AS previous FROM buckets b
            WHERE b.id = ANY ($1) AND b.version > 0 AND b.holder IS DISTINCT FROM $2
            ORDER BY b.bucket FOR UPDATE SKIP LOCKED
        ), claimed AS (
            UPDATE buckets b SET holder = $2 FROM wanted w WHERE b.bucket = w.bucket
        )
        INSERT INTO takeovers (process, bucket)
        SELECT w.previous, w.bucket FROM wanted w WHERE w.previous IS NOT NULL
        """;

    // A bucket's indexes come only with the first of its lists, since there can be many of both.
    private static readonly string Heads =
        $"""
        SELECT k.n, b.bucket, b.version, b.clock, b.live, b.base, b.next_key, b.author, b.holder,
            CASE WHEN b.author_base = b.base THEN b.author_number END, {CommitStatement.Incarnation},
            {ListColumns.From("l")}, CASE WHEN l.nth IS NULL OR l.nth = 1 THEN b.indexes END
        FROM unnest($1, $2) AS k (n, id)
        CROSS JOIN LATERAL (
            SELECT b.*, (
                SELECT json_agg(json_build_array(f.list, f.field, f.path, f.touched, f.built_to, f.built, f.whole::integer) ORDER BY f.field)::text
                FROM field_indexes f WHERE f.bucket = b.bucket AND f.path IS NOT NULL) AS indexes
            FROM buckets b WHERE b.id = k.id AND b.version > 0 OFFSET 0) b
        LEFT JOIN LATERAL (SELECT *, row_number() OVER () AS nth FROM lists l WHERE l.bucket = b.bucket OFFSET 0) l ON true
        """;

    public static NpgsqlBatchCommand ForRows(IReadOnlyList<PendingRows> reads)
    {
        var keys = new List<(int Read, RecordKey Key)>();
        for (var i = 0; i < reads.Count; i++)
        {
            foreach (var key in reads[i].Keys)
            {
                keys.Add((i, key));
            }
        }

        var command = new NpgsqlBatchCommand(Rows);
        var parameters = new ParameterList(command.Parameters);
        parameters.Add(keys, static key => key.Read);
        parameters.Add(keys, key => reads[key.Read].Bucket);
        parameters.Add(keys, static key => key.Key.List);
        parameters.AddText(keys, static key => key.Key.Id);
        parameters.Add(keys, key => (int)reads[key.Read].Projection);
        return command;
    }

    /// <returns>Rows whose bodies were left out.</returns>
    public static async ValueTask<List<(PendingRows Read, RecordKey Key)>> ReadRowsAsync(NpgsqlDataReader reader, IReadOnlyList<PendingRows> reads)
    {
        var large = new List<(PendingRows, RecordKey)>();
        while (await reader.ReadAsync())
        {
            var read = reads[reader.GetInt32(0)];
            var key = new RecordKey(reader.GetInt32(1), reader.GetString(2));
            if (read.Projection is not (Projection.Metadata or Projection.Outline) && reader.IsDBNull(2 + RecordColumns.Body))
            {
                large.Add((read, key));
            }
            else
            {
                read.Found[key] = RecordColumns.Read(reader, 2, hasLength: true);
            }
        }

        return large;
    }

    public static NpgsqlBatchCommand ForClaims(IEnumerable<PendingHeads> reads, long process)
    {
        var command = new NpgsqlBatchCommand(Claim);
        var parameters = new ParameterList(command.Parameters);
        parameters.AddText([.. reads.Where(static read => read.Claim)], static read => read.Id.Value);
        parameters.Add(process);
        return command;
    }

    public static NpgsqlBatchCommand ForHeads(IReadOnlyList<PendingHeads> reads)
    {
        var command = new NpgsqlBatchCommand(Heads);
        var parameters = new ParameterList(command.Parameters);
        parameters.Add([.. Enumerable.Range(0, reads.Count)], static i => i);
        parameters.AddText(reads, static read => read.Id.Value);
        return command;
    }

    /// <param name="reader">On the result of <see cref="ForHeads"/>.</param>
    /// <param name="reads">The reads to answer.</param>
    /// <param name="term">The lease as it was before the statement was sent.</param>
    public static async ValueTask ReadHeadsAsync(NpgsqlDataReader reader, IReadOnlyList<PendingHeads> reads, LeaseTerm term)
    {
        while (await reader.ReadAsync())
        {
            var read = reads[reader.GetInt32(0)];
            if (!reader.IsDBNull(11 + ListColumns.Count))
            {
                read.Indexes = reader.GetString(11 + ListColumns.Count);
            }

            var heads = read.Found ?? new BucketHeads
            {
                Id = read.Id,
                Row = reader.GetInt64(1),
                Version = reader.GetInt64(2),
                Clock = new ServerTimestamp(reader.GetInt64(3)),
                Exists = reader.GetBoolean(4),
                Base = new ServerTimestamp(reader.GetInt64(5)),
                NextKey = reader.GetInt32(6),
                Author = reader.IsDBNull(7) ? null : reader.GetString(7),
                AuthorNumber = reader.IsDBNull(9) ? null : reader.GetInt64(9),
                Incarnation = reader.GetInt64(10),
                Lease = !reader.IsDBNull(8) && reader.GetInt64(8) == term.Process ? term.Term : 0,
            };
            if (!reader.IsDBNull(11))
            {
                var head = ListColumns.Read(reader, 11);
                heads = heads with { Lists = heads.Lists.Add(head.List, head) };
            }

            read.Found = heads;
        }

        foreach (var read in reads)
        {
            read.Found = read.Found is { } heads ? StoredFieldIndexes.Attach(heads, read.Indexes) : null;
        }
    }
}
