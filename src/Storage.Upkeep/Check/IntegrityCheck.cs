namespace Lockstep.Storage.Upkeep.Check;

/// <summary>
/// Checks a whole database for faults. Invariants:
/// <list type="number">
/// <item>Each bucket is judged by one snapshot, so that servers can keep writing.</item>
/// <item>It remembers no more than the buckets, lists and sums of a page.</item>
/// <item>A repair changes only what follows from other rows: counts, bytes, stamps of lists, clocks, marks and indexes. It changes or removes no record, account or file.
/// All repairs of a bucket are made in one transaction. A server that still remembers the bucket notices them by its version.</item>
/// </list>
/// </summary>
/// <param name="database">The database. If it is repaired, no server may use it.</param>
/// <param name="home">The database with the accounts; the same one if there is only one.</param>
/// <param name="files">The place of files' contents; null for the home database.</param>
/// <param name="repairs">Whether to repair.</param>
/// <param name="onFinding">Receives each finding.</param>
/// <param name="onProgress">Receives the progress.</param>
public sealed class IntegrityCheck(
    UpkeepDatabase database, UpkeepDatabase home, FileSizes? files, bool repairs, Action<Finding> onFinding, Action<CheckProgress> onProgress)
{
    private const int BucketsAtOnce = 100;

    // A page ends with the bucket that exceeds this number of records.
    private const long RecordsAtOnce = 50_000;

    private readonly Findings findings = new(database, repairs, onFinding);

    /// <exception cref="UpkeepException">It should be repaired, and a server uses it.</exception>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        if (database.Dialect.FindFaults is { } statement)
        {
            foreach (var fault in (await database.ReadAsync(statement, static reader => reader.GetString(0), cancellationToken)).Where(static text => text is not "ok"))
            {
                findings.Tell(FindingKind.Engine, database.Name, fault);
            }
        }

        await CheckBucketsAsync(cancellationToken);
        if (database.IsHome)
        {
            await InPageAsync(() => new AccountCheck(database, findings).RunAsync(cancellationToken), cancellationToken);
            await new FileCheck(database, findings, files).RunAsync(cancellationToken);
        }
    }

    private async Task CheckBucketsAsync(CancellationToken cancellationToken)
    {
        var (seen, records, all) = (0L, 0L, await database.NumberAsync("SELECT count(*) FROM buckets", cancellationToken));
        for (long? after = 0; after is { } from;)
        {
            // The last page also has rows whose buckets are missing.
            var page = await PageAsync(from, cancellationToken);
            var to = page.Count == 0 ? long.MaxValue : page[^1];
            try
            {
                await InPageAsync(async () => records += await new BucketCheck(database, home, findings).RunAsync(from, to, cancellationToken), cancellationToken);
            }
            catch (Exception e) when (e is System.Text.Json.JsonException or KeyNotFoundException)
            {
                findings.Tell(FindingKind.Access, $"bucket rows {from + 1} to {to}", $"Permissions of an object, or the claim of a file, cannot be read; these buckets are not checked, nor repaired: {e.Message}");
            }

            seen += page.Count;
            onProgress(new CheckProgress(seen, all, records));
            after = page.Count == 0 ? null : to;
        }
    }

    /// <summary>Keys of the next buckets.</summary>
    private async Task<List<long>> PageAsync(long after, CancellationToken cancellationToken)
    {
        var (page, records) = (new List<long>(), 0L);
        foreach (var (bucket, count) in await database.ReadAsync(
            $"SELECT bucket, (SELECT coalesce(sum(count), 0) FROM lists l WHERE l.bucket = b.bucket) FROM buckets b WHERE bucket > $1 ORDER BY bucket LIMIT {BucketsAtOnce}",
            static reader => (reader.Number(0), reader.Number(1)),
            cancellationToken,
            after))
        {
            page.Add(bucket);
            records += count;
            if (records >= RecordsAtOnce)
            {
                break;
            }
        }

        return page;
    }

    private Task InPageAsync(Func<Task> run, CancellationToken cancellationToken) => repairs
        ? database.InTransactionAsync(
            async () =>
            {
                await database.KeepServersOutAsync(cancellationToken);
                await run();
            },
            cancellationToken)
        : database.InSnapshotAsync(run, cancellationToken);
}
