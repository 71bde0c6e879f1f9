using Lockstep.Core.Buckets;
using Lockstep.Core.Permissions;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;
using Lockstep.Core.Time;

namespace Lockstep.Storage.Upkeep.Restored;

/// <summary>
/// Makes clients notice that a database is an older copy of itself. Invariants:
/// <list type="number">
/// <item>Every clock is above all stamps that a client may have: those of the copy, and the given least one.</item>
/// <item>A client that polls a list of Kinto with an earlier stamp is told to start over, even if the list or the whole bucket is not in the copy. The answer is the
/// same as after a purge of tombstones: an empty list with a newer stamp, and with that stamp the whole list.</item>
/// <item>Every collection of Sync has a new stamp, and <c>meta/global</c> has new ids, by which clients of Sync drop what they know of the server and compare
/// all their records with its records.</item>
/// <item>Records keep their stamps and bodies, except <c>meta/global</c>.</item>
/// <item>All of it is done or nothing, and it can be done again.</item>
/// </list>
/// </summary>
/// <param name="database">The database. No server uses it, and none begins to.</param>
/// <param name="leastStamp">A stamp above all that a client may have seen, unless a bucket's clock is even higher.</param>
/// <param name="renewIds">Gives the body of a storage's <c>meta/global</c> new ids; null if it has none.</param>
public sealed class RestoredStamps(UpkeepDatabase database, ServerTimestamp leastStamp, Func<ReadOnlyMemory<byte>, ReadOnlyMemory<byte>?> renewIds)
{
    /// <summary>The name in <c>meta</c> of the stamp from which buckets that were never written begin.</summary>
    public const string FloorName = "floor";

    private const int RecordsAtOnce = 500;
    private const int Kinto = (int)BucketKind.Kinto;
    private const int Sync = (int)BucketKind.Sync;

    // The lists that clients poll. The list of the bucket itself has no readers, and the others are used only by the owner.
    private static readonly string Polled = string.Join(", ", new[] { ListRole.Records, ListRole.Collections, ListRole.Groups, ListRole.History }.Select(static role => (int)role));

    // Stamps of a bucket b, from its clock before the change: the one with which readers start over, and the next one.
    private const string Over = "(CASE WHEN b.clock >= $1 THEN b.clock + 1 ELSE $1 END)";
    private const string Next = $"({Over} + 1)";

    // The same, rounded up to the grid of Sync's stamps.
    private const string Even = $"(({Over} + 9) / 10 * 10)";

    /// <exception cref="UpkeepException">A server uses the database.</exception>
    public async Task<RestoredCounts> RunAsync(CancellationToken cancellationToken)
    {
        var counts = new RestoredCounts(0, 0, 0, 0);
        await database.InTransactionAsync(
            async () =>
            {
                await database.KeepServersOutAsync(cancellationToken);
                counts = await RunAloneAsync(cancellationToken);
            },
            cancellationToken);
        return counts;
    }

    private async Task<RestoredCounts> RunAloneAsync(CancellationToken cancellationToken)
    {
        // :: Lists of Kinto. Updates that compare the former stamps come first.
        await StampAsync($"UPDATE field_indexes SET touched = {Of("field_indexes", Kinto, Next)} WHERE {IsOf("field_indexes", Kinto)} AND EXISTS (SELECT 1 FROM lists l WHERE l.bucket = field_indexes.bucket AND l.list = field_indexes.list AND l.touched = field_indexes.touched)");
        await StampAsync($"UPDATE lists SET horizon = {Of("lists", Kinto, Over)}, rows_modified = {Of("lists", Kinto, Next)}, touched = {Of("lists", Kinto, Next)} WHERE role IN ({Polled}) AND {IsOf("lists", Kinto)}");

        // The last stamp that is ahead of the wall clock.
        await StampAsync($"UPDATE lists SET horizon = {Of("lists", Kinto, Next)} WHERE role = {(int)ListRole.Self} AND {IsOf("lists", Kinto)}");

        // The groups are in an older state, so what they let people see in other buckets may differ.
        await StampAsync(
            $"""
            INSERT INTO grants (bucket, list, relation, principal, id, stamp)
            SELECT b.bucket, 0, {(int)GrantRelation.Changed}, '{PrincipalText.Everyone}', '0', {Over} FROM buckets b
            WHERE b.kind = {Kinto} AND EXISTS (SELECT 1 FROM lists l WHERE l.bucket = b.bucket AND l.role = {(int)ListRole.Groups} AND l.list <> 0)
            ON CONFLICT (bucket, list, relation, principal, id) DO UPDATE SET stamp = excluded.stamp
            """);

        // :: Collections of Sync.
        await StampAsync($"UPDATE lists SET rows_modified = {Of("lists", Sync, Even)}, touched = {Of("lists", Sync, Even)} WHERE role = {(int)ListRole.Records} AND list <> 0 AND {IsOf("lists", Sync)}");
        var reset = await ResetAsync(cancellationToken);

        // :: Buckets, last, since the other stamps are computed from their clocks.
        var kinto = await StampAsync(
            $"""
            UPDATE buckets AS b SET version = version + 1, author_base = CASE WHEN author_base = base THEN {Over} ELSE author_base END, base = {Over}, clock = {Next}
            WHERE kind = {Kinto} AND version > 0
            """);
        var sync = await StampAsync($"UPDATE buckets AS b SET version = version + 1, clock = {Even} WHERE kind = {Sync} AND version > 0");
        await database.ExecuteAsync(
            $"INSERT INTO meta (name, value) VALUES ('{FloorName}', $1) ON CONFLICT (name) DO UPDATE SET value = excluded.value WHERE CAST(meta.value AS bigint) < CAST(excluded.value AS bigint)",
            cancellationToken, $"{leastStamp}");

        // :: Numbers that were given after the copy was made must not be given again.
        if (database.IsHome)
        {
            foreach (var statement in database.Dialect.SkipNumbers)
            {
                await database.ExecuteAsync(statement, cancellationToken);
            }

            await StampAsync("UPDATE quotas SET modified = $1 WHERE subject = '' AND modified < $1");
        }

        var ahead = await database.NumberAsync("SELECT max(clock) - $1 FROM buckets", cancellationToken, leastStamp.Milliseconds);
        return new RestoredCounts(kinto, sync, reset, Math.Max(0, ahead));

        Task<int> StampAsync(string sql) => database.ExecuteAsync(sql, cancellationToken, leastStamp.Milliseconds);
    }

    /// <summary>Gives each storage's <c>meta/global</c> new ids, and the stamp of its list.</summary>
    /// <returns>The number of storages.</returns>
    private async Task<long> ResetAsync(CancellationToken cancellationToken)
    {
        var reset = 0L;
        for (var after = 0L; ;)
        {
            var rows = await database.ReadAsync(
                $"""
                SELECT r.bucket, r.list, r.body, l.touched FROM lists l
                JOIN buckets b ON b.bucket = l.bucket AND b.kind = {Sync}
                JOIN records r ON r.bucket = l.bucket AND r.list = l.list AND r.id = 'global'
                WHERE l.role = {(int)ListRole.Records} AND l.name = 'meta' AND l.bucket > $1 ORDER BY l.bucket LIMIT {RecordsAtOnce}
                """,
                static reader => (Bucket: reader.GetInt64(0), List: reader.GetInt32(1), Body: (byte[])reader.GetValue(2), Stamp: reader.GetInt64(3)),
                cancellationToken,
                after);
            foreach (var (bucket, list, body, stamp) in rows)
            {
                if (renewIds(body) is not { } renewed)
                {
                    continue;
                }

                reset++;
                await database.ExecuteAsync(
                    "UPDATE records SET body = $1, modified = $2 WHERE bucket = $3 AND list = $4 AND id = 'global'", cancellationToken, renewed.ToArray(), stamp, bucket, list);
                await database.ExecuteAsync(
                    "UPDATE lists SET bytes = bytes + $1 WHERE bucket = $2 AND list = $3", cancellationToken, (long)(renewed.Length - body.Length), bucket, list);
            }

            if (rows.Count < RecordsAtOnce)
            {
                return reset;
            }

            after = rows[^1].Bucket;
        }
    }

    /// <summary>A stamp from the bucket of a row.</summary>
    private static string Of(string table, int kind, string stamp) => $"(SELECT {stamp} FROM buckets b WHERE b.bucket = {table}.bucket AND b.kind = {kind})";

    private static string IsOf(string table, int kind) => $"EXISTS (SELECT 1 FROM buckets b WHERE b.bucket = {table}.bucket AND b.kind = {kind})";
}
