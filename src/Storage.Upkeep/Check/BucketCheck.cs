using System.Data.Common;
using System.Globalization;
using System.Text.Json;
using Lockstep.Core.Buckets;
using Lockstep.Core.Records;

namespace Lockstep.Storage.Upkeep.Check;

/// <summary>Checks a page of buckets with their lists against the sums of their rows.</summary>
/// <param name="database">The database, in a transaction.</param>
/// <param name="home">The database with the accounts.</param>
/// <param name="findings">Receives findings.</param>
internal sealed class BucketCheck(UpkeepDatabase database, UpkeepDatabase home, Findings findings)
{
    private const int FilesAtOnce = 500;
    private const string Range = "bucket > $1 AND bucket <= $2";

    // Lists whose rows are counted exactly. Entries of users are counted roughly, uploads disappear by themselves, and the other lists have no rows.
    private static readonly HashSet<ListRole> Counted =
        [ListRole.Records, ListRole.Self, ListRole.Collections, ListRole.Groups, ListRole.History, ListRole.Former, ListRole.Files];

    private readonly HashSet<long> repaired = [];

    /// <param name="after">The key of the bucket before the page.</param>
    /// <param name="to">The key of its last bucket.</param>
    /// <param name="cancellationToken">Stops the check.</param>
    /// <returns>Rows of lists that were read.</returns>
    public async Task<long> RunAsync(long after, long to, CancellationToken cancellationToken)
    {
        // :: The rows of the page
        var buckets = await ReadAsync($"SELECT {BucketRow.Columns} FROM buckets WHERE {Range} ORDER BY bucket", BucketRow.Read);
        var lists = await ReadAsync($"SELECT {ListRow.Columns} FROM lists WHERE {Range} ORDER BY bucket, role, name", ListRow.Read);
        var sums = (await ReadAsync($"SELECT {ListSum.Columns} FROM records WHERE {Range} GROUP BY bucket, list", ListSum.Read)).ToDictionary(static sum => (sum.Bucket, sum.Key));
        var orphans = (await ReadAsync($"SELECT bucket, list FROM orphans WHERE {Range}", static reader => (Bucket: reader.Number(0), Key: (int)reader.Number(1)))).ToHashSet();
        var (known, listed) = (buckets.ToDictionary(static bucket => bucket.Row), lists.ToLookup(static list => list.Bucket));
        var files = await FileBytesAsync(lists, known, cancellationToken);

        // :: Each bucket, and each of its lists
        foreach (var bucket in buckets.Where(static bucket => bucket is { Version: > 0, Kind: not BucketKind.Unknown }))
        {
            await CheckAsync(bucket, [.. listed[bucket.Row]], sums, files, cancellationToken);
        }

        // :: Rows whose bucket or list is gone, and marks for removal
        foreach (var lone in listed.Where(rows => !known.ContainsKey(rows.Key)))
        {
            findings.Tell(FindingKind.Orphan, $"bucket row {lone.Key}", $"There are {lone.Count()} lists of a bucket that is not there.");
        }

        var live = lists.Where(static list => list.Key != 0).Select(static list => (list.Bucket, list.Key)).ToHashSet();
        foreach (var sum in sums.Values.Where(sum => !live.Contains((sum.Bucket, sum.Key)) && !orphans.Contains((sum.Bucket, sum.Key))).OrderBy(static sum => sum.Bucket))
        {
            findings.Tell(FindingKind.Orphan, Name(known.GetValueOrDefault(sum.Bucket), sum.Bucket), $"There are {sum.Rows} rows of list {sum.Key}, which is not there, nor marked for removal.");
        }

        foreach (var orphan in orphans.Where(live.Contains).Order())
        {
            await TellAsync(orphan.Bucket, FindingKind.Removal, Name(known.GetValueOrDefault(orphan.Bucket), orphan.Bucket), $"List {orphan.Key} is marked for removal, and in use.", () =>
                database.ExecuteAsync("DELETE FROM orphans WHERE bucket = $1 AND list = $2", cancellationToken, orphan.Bucket, orphan.Key));
        }

        // :: Indexes
        var roles = lists.Where(static list => list.Key != 0).GroupBy(static list => (list.Bucket, list.Key)).ToDictionary(static rows => rows.Key, static rows => rows.First());
        var access = new AccessCheck(database, known, roles, orphans, TellAsync);
        await access.RunAsync(after, to, cancellationToken);
        await new FieldIndexCheck(database, known, roles, sums, TellAsync).RunAsync(after, to, cancellationToken);

        // A server that remembers these buckets as they were loads them again.
        foreach (var bucket in repaired)
        {
            await database.ExecuteAsync("UPDATE buckets SET version = version + 1 WHERE bucket = $1", cancellationToken, bucket);
        }

        return sums.Values.Sum(static sum => sum.Rows);

        Task<IReadOnlyList<T>> ReadAsync<T>(string sql, Func<DbDataReader, T> read) => database.ReadAsync(sql, read, cancellationToken, after, to);
    }

    /// <summary>The name of a bucket, for people.</summary>
    public static string Name(BucketRow? bucket, long row) => bucket is null ? $"bucket row {row}" : $"bucket {bucket.Id}";

    private async Task CheckAsync(
        BucketRow bucket, IReadOnlyList<ListRow> lists, Dictionary<(long, int), ListSum> sums, Dictionary<(long, int), long> files, CancellationToken cancellationToken)
    {
        var name = Name(bucket, bucket.Row);
        foreach (var list in lists.Where(list => Counted.Contains(list.Role)))
        {
            await CheckAsync(bucket, list, list.Key == 0 ? ListSum.None : sums.GetValueOrDefault((bucket.Row, list.Key), ListSum.None), files, cancellationToken);
        }

        // :: Stamps
        var newest = lists.Select(list => Math.Max(Math.Max(list.RowsModified, list.Touched), Math.Max(list.Horizon, list.Key == 0 ? 0 : sums.GetValueOrDefault((bucket.Row, list.Key), ListSum.None).Newest)))
            .Append(bucket.Base).Max();
        if (newest > bucket.Clock)
        {
            await TellAsync(bucket.Row, FindingKind.Stamp, name, $"The clock is at {bucket.Clock}, and something in it has the stamp {newest}.", () =>
                database.ExecuteAsync("UPDATE buckets SET clock = $1 WHERE bucket = $2", cancellationToken, newest, bucket.Row));
        }

        // :: Keys of lists
        var greatest = Math.Max(
            lists.Select(static list => list.Key).DefaultIfEmpty().Max(),
            await database.NumberAsync("SELECT max(field) FROM field_indexes WHERE bucket = $1", cancellationToken, bucket.Row));
        if (greatest >= bucket.NextKey)
        {
            await TellAsync(bucket.Row, FindingKind.Key, name, $"The next list gets the number {bucket.NextKey}, and there are numbers up to {greatest}.", () =>
                database.ExecuteAsync("UPDATE buckets SET next_key = $1 WHERE bucket = $2", cancellationToken, greatest + 1, bucket.Row));
        }

        foreach (var twice in lists.Where(static list => list.Key != 0).GroupBy(static list => list.Key).Where(static same => same.Count() > 1))
        {
            findings.Tell(FindingKind.Key, name, $"{string.Join(" and ", twice.Select(static list => list.Text))} have the same number, {twice.Key}.");
        }

        // :: Remains of something that is gone
        if (!bucket.IsLive && bucket.Kind == BucketKind.Kinto && lists.Any(static list => list.Key != 0))
        {
            findings.Tell(FindingKind.Orphan, name, "The bucket is deleted, and has lists.");
        }

        if (lists.Any(static list => list.Key != 0) && await IsLeftoverAsync(bucket, cancellationToken))
        {
            findings.Tell(FindingKind.Account, name, "Its account is deleted, and it is still there.");
        }
    }

    private async Task CheckAsync(BucketRow bucket, ListRow list, ListSum sum, Dictionary<(long, int), long> files, CancellationToken cancellationToken)
    {
        var where = $"{Name(bucket, bucket.Row)}, {list.Text}";
        if (list.Count != sum.Count)
        {
            await TellAsync(FindingKind.Count, $"It says that it has {list.Count} records, and has {sum.Count}.", "count", sum.Count);
        }

        var bytes = list.Role == ListRole.Files ? files.GetValueOrDefault((list.Bucket, list.Key)) : sum.Bytes;
        if (list.Bytes != bytes)
        {
            await TellAsync(FindingKind.Bytes, $"It says that it has {list.Bytes} bytes, and has {bytes}.", "bytes", bytes);
        }

        // In Sync, a write that moves only the other stamp changes no row that readers see.
        var stamp = bucket.Kind == BucketKind.Kinto ? list.RowsModified : Math.Max(list.RowsModified, list.Touched);
        if (stamp < sum.Newest)
        {
            await TellAsync(FindingKind.Stamp, $"Its stamp is {stamp}, and a record has {sum.Newest}.", "rows_modified", sum.Newest);
            if (findings.Repairs)
            {
                await SetAsync("touched", Math.Max(list.Touched, sum.Newest));
            }
        }

        if (list.Role == ListRole.Records && sum.Expiry is { } expiry && !(list.NextExpiry <= expiry))
        {
            await TellAsync(FindingKind.Expiry, $"It says that nothing expires before {list.NextExpiry?.ToString(CultureInfo.InvariantCulture) ?? "ever"}, and a record does at {expiry}.", "next_expiry", expiry);
        }

        Task TellAsync(FindingKind kind, string text, string column, long value) => this.TellAsync(bucket.Row, kind, where, text, () => SetAsync(column, value));

        Task SetAsync(string column, long value) => database.ExecuteAsync(
            $"UPDATE lists SET {column} = $1 WHERE bucket = $2 AND role = $3 AND name = $4", cancellationToken, value, list.Bucket, (int)list.Role, list.Name);
    }

    /// <summary>Whether a bucket belongs to an account or a user's store that is closed for writing, and whose deletion is finished.</summary>
    private async Task<bool> IsLeftoverAsync(BucketRow bucket, CancellationToken cancellationToken)
    {
        var stored = BucketId.Parse(bucket.Id);
        var number = bucket.Kind == BucketKind.Kinto ? (bucket.IsLive ? bucket.AuthorNumber : null) : long.TryParse(stored.Name, out var own) ? own : null;
        if (number is null || await database.NumberAsync("SELECT count(*) FROM closed_accounts WHERE number = $1", cancellationToken, number) == 0)
        {
            return false;
        }

        // The server itself removes the data of a deletion that is under way, and of a store that was replaced.
        return await home.NumberAsync("SELECT count(*) FROM accounts WHERE number = $1", cancellationToken, number) == 0
            && await home.NumberAsync("SELECT count(*) FROM assignments WHERE number = $1 AND NOT emptied", cancellationToken, number) == 0;
    }

    /// <summary>Bytes of the files in lists of files, as noted when the files came.</summary>
    private async Task<Dictionary<(long, int), long>> FileBytesAsync(IReadOnlyList<ListRow> lists, Dictionary<long, BucketRow> known, CancellationToken cancellationToken)
    {
        var sums = new Dictionary<(long, int), long>();
        foreach (var list in lists.Where(static list => list is { Role: ListRole.Files, Key: not 0 }))
        {
            var sum = 0L;
            for (var after = ""; after is not null;)
            {
                var claims = await database.ReadAsync(
                    $"SELECT id, body FROM records WHERE bucket = $1 AND list = $2 AND id > $3 AND NOT deleted ORDER BY id LIMIT {FilesAtOnce}",
                    static reader => (Id: reader.GetString(0), Claim: (byte[])reader.GetValue(1)),
                    cancellationToken, list.Bucket, list.Key, after);
                var there = (await home.ReadAsync(
                    $"SELECT id FROM attachments WHERE size IS NOT NULL AND id IN ({string.Join(", ", Enumerable.Range(1, Math.Max(1, claims.Count)).Select(static i => string.Create(CultureInfo.InvariantCulture, $"${i}")))})",
                    static reader => reader.GetString(0), cancellationToken, claims.Count == 0 ? [""] : [.. claims.Select(static claim => claim.Id)])).ToHashSet(StringComparer.Ordinal);
                foreach (var (id, body) in claims)
                {
                    using var claim = JsonDocument.Parse(body);
                    sum += claim.RootElement.GetProperty("bytes"u8).GetInt64();
                    if (!there.Contains(id))
                    {
                        findings.Tell(FindingKind.File, $"{Name(known.GetValueOrDefault(list.Bucket), list.Bucket)}, collection '{list.Name}', record '{claim.RootElement.GetProperty("record"u8).GetString()}'", $"The record has the file {id}, which is not there.");
                    }
                }

                after = claims.Count < FilesAtOnce ? null : claims[^1].Id;
            }

            sums[(list.Bucket, list.Key)] = sum;
        }

        return sums;
    }

    private async Task TellAsync(long bucket, FindingKind kind, string where, string text, Func<Task> repair)
    {
        if (await findings.TellAsync(kind, where, text, repair))
        {
            repaired.Add(bucket);
        }
    }
}
