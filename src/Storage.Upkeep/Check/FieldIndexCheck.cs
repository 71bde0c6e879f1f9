namespace Lockstep.Storage.Upkeep.Check;

/// <summary>
/// Compares indexes on fields with the records of their lists: which records they have, and in which state. An index that is
/// incomplete or not in step with its list is not compared. Also finds rows of indexes that do not exist.
/// </summary>
/// <param name="database">The database, in a transaction.</param>
/// <param name="buckets">The page's buckets by their keys.</param>
/// <param name="lists">Its lists by the keys of their buckets and their own.</param>
/// <param name="sums">The sums of their rows.</param>
/// <param name="tell">Receives findings.</param>
internal sealed class FieldIndexCheck(
    UpkeepDatabase database,
    IReadOnlyDictionary<long, BucketRow> buckets,
    IReadOnlyDictionary<(long Bucket, int Key), ListRow> lists,
    IReadOnlyDictionary<(long Bucket, int Key), ListSum> sums,
    TellRepairable tell)
{
    public async Task RunAsync(long after, long to, CancellationToken cancellationToken)
    {
        var indexes = await database.ReadAsync(
            "SELECT bucket, field, list, touched, CASE WHEN whole THEN 1 ELSE 0 END, path FROM field_indexes WHERE bucket > $1 AND bucket <= $2 ORDER BY bucket, field",
            static reader => (Bucket: reader.Number(0), Field: reader.Number(1), List: (int)reader.Number(2), Touched: reader.Number(3), IsWhole: reader.Number(4) != 0, Path: reader.IsDBNull(5) ? null : reader.GetString(5)),
            cancellationToken, after, to);
        var rows = await CountAsync("SELECT bucket, field, count(*) FROM field_keys WHERE bucket > $1 AND bucket <= $2 GROUP BY bucket, field");
        var matches = indexes.Count == 0 ? [] : await CountAsync(
            """
            SELECT f.bucket, f.field, count(*) FROM field_indexes f
            JOIN field_keys k ON k.bucket = f.bucket AND k.field = f.field
            JOIN records r ON r.bucket = k.bucket AND r.list = f.list AND r.id = k.id
            WHERE f.bucket > $1 AND f.bucket <= $2 AND NOT r.deleted AND r.modified = k.modified GROUP BY f.bucket, f.field
            """);
        foreach (var index in indexes.Where(static index => index is { IsWhole: true, Path: not null }))
        {
            var (key, name) = ((index.Bucket, index.Field), BucketCheck.Name(buckets.GetValueOrDefault(index.Bucket), index.Bucket));
            if (!lists.TryGetValue((index.Bucket, index.List), out var list) || list.Touched != index.Touched)
            {
                // The server drops or rebuilds such an index.
                continue;
            }

            var (records, has, fit) = (sums.GetValueOrDefault((index.Bucket, index.List), ListSum.None).Count, rows.GetValueOrDefault(key), matches.GetValueOrDefault(key));
            if (has != records || fit != records)
            {
                // The repair puts the index out of step with its list, so that the server rebuilds it.
                await tell(
                    index.Bucket, FindingKind.FieldIndex, $"{name}, {list.Text}", $"Of {records} records the index on '{index.Path}' has {fit} as they are, in {has} rows.", () =>
                        database.ExecuteAsync("UPDATE field_indexes SET touched = 0 WHERE bucket = $1 AND field = $2", cancellationToken, index.Bucket, index.Field));
            }
        }

        var known = indexes.Select(static index => (index.Bucket, index.Field)).ToHashSet();
        foreach (var (key, count) in rows.Where(one => !known.Contains(one.Key)).OrderBy(static one => one.Key))
        {
            await tell(
                key.Bucket, FindingKind.FieldIndex, BucketCheck.Name(buckets.GetValueOrDefault(key.Bucket), key.Bucket), $"There are {count} rows of index {key.Field}, which is not there.", () =>
                    database.ExecuteAsync("DELETE FROM field_keys WHERE bucket = $1 AND field = $2", cancellationToken, key.Bucket, key.Field));
        }

        async Task<Dictionary<(long Bucket, long Field), long>> CountAsync(string sql) =>
            (await database.ReadAsync(sql, static reader => (Key: (reader.Number(0), reader.Number(1)), Count: reader.Number(2)), cancellationToken, after, to))
                .ToDictionary(static one => one.Key, static one => one.Count);
    }
}
