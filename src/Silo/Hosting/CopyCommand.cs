using Lockstep.Core.Attachments;
using Lockstep.Core.KeyedAccounts;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;
using Lockstep.Storage.PostgreSql;
using Lockstep.Storage.S3;
using Lockstep.Storage.Sqlite.Accounts;
using Lockstep.Storage.Sqlite.Assignments;
using Lockstep.Storage.Sqlite.Attachments;
using Lockstep.Storage.Sqlite;

namespace Lockstep.Silo.Hosting;

/// <summary><c>copy</c>: moves what a stopped server keeps in SQLite into an empty PostgreSQL database.</summary>
internal static class CopyCommand
{
    public const string Help =
        """
        copy                   copies the SQLite database in --data-directory into the empty PostgreSQL database of
                               Postgres:Connection; both servers must be stopped; run it again if it was cut off
        """;

    private const int BucketsAtOnce = 200;
    private const int RecordsAtOnce = 2_000;
    private const int BytesAtOnce = 4 << 20;
    private static readonly TimeSpan ProgressInterval = TimeSpan.FromSeconds(1);

    /// <returns>The exit code.</returns>
    public static async Task<int> RunAsync(LockstepOptions options, TextWriter output, CancellationToken cancellationToken)
    {
        if (options.Postgres.Connection is not { Length: > 0 })
        {
            output.WriteLine("Set Postgres:Connection to the database to copy into.");
            return 2;
        }

        if (options.Postgres.Shards.Count > 0)
        {
            output.WriteLine("'copy' fills one database that stands by itself. Leave Postgres:Shards out.");
            return 2;
        }

        if (!DataDirectory.HasDatabase(options.DataDirectory))
        {
            output.WriteLine($"There is no database in '{Path.GetFullPath(options.DataDirectory)}'. Name the directory with --data-directory.");
            return 1;
        }

        using var data = DataDirectory.Hold(options.DataDirectory);
        using var database = SqliteDatabase.Open(new SqliteOptions { Path = data.Database });
        var export = new SqliteExport(database);
        await using var alone = OnlyOne.Of(await PostgresUpkeep.TryLockAsync(options.Postgres, cancellationToken));
        await using var import = await PostgresImport.BeginAsync(options.Postgres, export.Cluster, database.Secret, cancellationToken);

        await import.SetFloorAsync(database.Floor, cancellationToken);

        // :: Accounts
        var store = new SqliteAccountStore(database);
        string? last = null;
        while (await store.ListAsync(last, RecordsAtOnce, cancellationToken) is { Count: > 0 } accounts)
        {
            await import.AddAccountsAsync(accounts, cancellationToken);
            last = accounts[^1].Name;
        }

        for (long closed = 0; export.ReadClosedAccounts(closed, RecordsAtOnce) is { Count: > 0 } numbers; closed = numbers[^1].Number)
        {
            await import.AddClosedAccountsAsync(numbers, cancellationToken);
        }

        // :: Who has which store
        for (long seen = 0; export.ReadAssignments(seen, RecordsAtOnce) is { Count: > 0 } assignments; seen = assignments[^1].Assignment.Number)
        {
            await import.AddAssignmentsAsync(assignments, cancellationToken);
        }

        await import.AddNodesAsync(
            await new SqliteAssignmentStore(database).ListNodesAsync(cancellationToken), export.ReadInvitations(), cancellationToken);

        // :: Accounts with a key, and what opens them
        foreach (var (table, columns) in KeyedAccountTables.All)
        {
            for (var from = 0; export.ReadKeyed(table, columns, from, RecordsAtOnce) is { Count: > 0 } rows; from += rows.Count)
            {
                await import.AddKeyedAsync(table, columns, rows, cancellationToken);
            }
        }

        // :: Files, piece by piece, each from where it was put: before or after the directory was set. Where there is an object store they go there, unless they are there already.
        using var s3 = ServerStorage.S3Of(options, static _ => { });
        var places = new IAttachmentContent?[] { ServerStorage.DirectoryOf(options), new SqliteAttachmentStore(database) }.OfType<IAttachmentContent>().ToList();
        for (var seen = ""; export.ReadAttachments(seen, RecordsAtOnce) is { Count: > 0 } files; seen = files[^1].Id)
        {
            await import.AddAttachmentsAsync(files, cancellationToken);
            foreach (var file in files)
            {
                if (await CopyAsync(places, import, s3, file, cancellationToken) is var bytes && bytes != file.Size)
                {
                    output.WriteLine(
                        $"Of the file {file.Id} of '{file.Record}' in '{file.Collection}' of '{file.Bucket}' there are {bytes:N0} bytes, and should be {file.Size:N0}. Was Kinto:Attachments:Directory set, and is it all there? "
                        + "What a server that was killed has begun to remove is gone a minute after it is started again. If neither is so, delete the attachment of the record. Then copy again.");
                    return 1;
                }
            }
        }

        // :: Buckets
        var total = export.Count();
        var progress = new Progress(output, total.Buckets);
        long after = 0;
        while (export.ReadBuckets(after, BucketsAtOnce) is { Count: > 0 } buckets)
        {
            await CopyAsync(export, import, buckets, progress, cancellationToken);
            after = buckets[^1].Row;
        }

        await import.EndAsync(total, export.LastAccount, export.LastNode, export.LastCommand, cancellationToken);
        output.WriteLine($"Done: {total.Buckets:N0} buckets with {total.Records:N0} records. Start the server with Postgres:Connection now; the SQLite database is as it was.");
        return 0;
    }

    /// <returns>Bytes that there were.</returns>
    private static async Task<long> CopyAsync(IReadOnlyList<IAttachmentContent> places, PostgresImport import, S3Content? s3, Attachment file, CancellationToken cancellationToken)
    {
        if (s3 is not null && await s3.CountBytesAsync(file.Id, cancellationToken) is var there && there == file.Size)
        {
            return there;
        }

        foreach (var content in places)
        {
            long bytes = 0;
            for (var number = 0; await content.ReadAsync(file.Id, number, cancellationToken) is { } piece; number++)
            {
                await (s3 is null ? import.AddPieceAsync(file.Id, number, piece, cancellationToken) : s3.AppendAsync(file.Id, number, piece, cancellationToken).AsTask());
                bytes += piece.Length;
            }

            if (bytes > 0)
            {
                return bytes;
            }
        }

        return 0;
    }

    private static async Task CopyAsync(
        SqliteExport export, PostgresImport import, IReadOnlyList<BucketHeads> buckets, Progress progress, CancellationToken cancellationToken)
    {
        var rows = await import.BeginBucketsAsync(buckets, cancellationToken);
        var missing = buckets.Where(heads => rows.ContainsKey(heads.Id)).ToList();
        var pending = new List<(long, int, StoredRecord)>();
        long bytes = 0;
        foreach (var heads in missing)
        {
            var key = default(RecordKey);
            while (export.ReadRecords(heads.Row, key, RecordsAtOnce - pending.Count, BytesAtOnce - bytes) is { Count: > 0 } records)
            {
                pending.AddRange(records.Select(row => (rows[heads.Id], row.List, row.Record)));
                bytes += records.Sum(static row => (long)row.Record.Body.Length);
                key = new RecordKey(records[^1].List, records[^1].Record.Id);
                if (pending.Count >= RecordsAtOnce || bytes >= BytesAtOnce)
                {
                    await FlushAsync();
                }
            }
        }

        await FlushAsync();
        foreach (var heads in missing)
        {
            foreach (var grants in export.ReadGrants(heads.Row).Chunk(RecordsAtOnce))
            {
                await import.AddGrantsAsync([.. grants.Select(grant => (rows[heads.Id], grant.Key, grant.Stamp))], cancellationToken);
            }
        }

        await import.EndBucketsAsync([.. missing.Select(heads => heads with { Row = rows[heads.Id] })], cancellationToken);
        progress.AddBuckets(buckets.Count);

        async Task FlushAsync()
        {
            await import.AddRecordsAsync(pending, cancellationToken);
            progress.AddRecords(pending.Count);
            pending.Clear();
            bytes = 0;
        }
    }

    private sealed class Progress(TextWriter output, long total)
    {
        private long? reported;
        private long buckets;
        private long records;

        public void AddBuckets(int count)
        {
            buckets += count;
            Report();
        }

        public void AddRecords(int count)
        {
            records += count;
            Report();
        }

        private void Report()
        {
            if (reported is not { } last || TimeProvider.System.GetElapsedTime(last) >= ProgressInterval)
            {
                reported = TimeProvider.System.GetTimestamp();
                output.WriteLine($"{buckets:N0} of {total:N0} buckets, {records:N0} records copied");
            }
        }
    }
}
