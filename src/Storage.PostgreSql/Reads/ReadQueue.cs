using System.Threading.Channels;
using Lockstep.Core.Buckets;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;
using Lockstep.Storage.PostgreSql.Connections;
using Lockstep.Storage.PostgreSql.Leases;
using Npgsql;

namespace Lockstep.Storage.PostgreSql.Reads;

/// <summary>
/// Reads by key, combined across buckets like commits: a free lane takes all reads that have queued, at once and without waiting for more. After a lost
/// connection, reads are tried again once. A read whose values the server refuses, or that cannot be sent, fails alone: the reads that it was combined with
/// are split in halves until it is found. A read that nobody waits for any more is not begun, so that a server that hung for a while does not first do
/// work that is no longer wanted.
/// </summary>
internal sealed class ReadQueue : IAsyncDisposable
{
    public const int Lanes = 2;
    private const int MaxReads = 256;
    private const int MaxKeys = 2_000;

    private readonly Channel<PendingRead> queue = Channel.CreateUnbounded<PendingRead>();
    private readonly ProcessLease lease;
    private readonly Func<long, RecordKey, Task<StoredRecord?>> readLarge;
    private readonly Action<Exception> onFault;
    private readonly List<Task> running = [];

    /// <param name="source">Makes connections.</param>
    /// <param name="lease">Tells which heads may be remembered.</param>
    /// <param name="readLarge">Reads a row of a bucket, if its body is too large to be read along with others.</param>
    /// <param name="onFault">Receives the reason why something was not read.</param>
    public ReadQueue(NpgsqlDataSource source, ProcessLease lease, Func<long, RecordKey, Task<StoredRecord?>> readLarge, Action<Exception> onFault)
    {
        this.onFault = onFault;
        this.lease = lease;
        this.readLarge = readLarge;
        for (var i = 0; i < Lanes; i++)
        {
            running.Add(RunAsync(new LaneConnection(source)));
        }
    }

    public Task<IReadOnlyDictionary<RecordKey, StoredRecord>> ReadAsync(long bucket, IReadOnlyCollection<RecordKey> keys, Projection projection, CancellationToken cancellationToken)
    {
        var read = new PendingRows(bucket, keys, projection, cancellationToken);
        Enqueue(read);
        return read.Answer.WaitAsync(cancellationToken);
    }

    public Task<BucketHeads?> LoadAsync(BucketId id, bool claim, CancellationToken cancellationToken)
    {
        var read = new PendingHeads(id, claim, cancellationToken);
        Enqueue(read);
        return read.Answer.WaitAsync(cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        queue.Writer.TryComplete();
        await Task.WhenAll(running);
    }

    private void Enqueue(PendingRead read)
    {
        if (!queue.Writer.TryWrite(read))
        {
            read.Fail(new StoreUnavailableException("The server stops."));
        }
    }

    private async Task RunAsync(LaneConnection connection)
    {
        await Task.Yield();
        var rows = new List<PendingRows>();
        var heads = new List<PendingHeads>();
        while (await queue.Reader.WaitToReadAsync())
        {
            for (var keys = 0; rows.Count + heads.Count < MaxReads && keys < MaxKeys && queue.Reader.TryRead(out var read);)
            {
                if (read.IsAbandoned)
                {
                    continue;
                }

                if (read is PendingRows ofBucket)
                {
                    rows.Add(ofBucket);
                    keys += ofBucket.Keys.Count;
                }
                else
                {
                    heads.Add((PendingHeads)read);
                }
            }

            if (rows.Count + heads.Count > 0)
            {
                await AnswerAsync(connection, rows, heads);
            }

            rows.Clear();
            heads.Clear();
        }

        await connection.DisposeAsync();
    }

    private async ValueTask AnswerAsync(LaneConnection connection, List<PendingRows> rows, List<PendingHeads> heads)
    {
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                var large = await ReadAsync(await connection.OpenAsync(CancellationToken.None), rows, heads);
                foreach (var ofBucket in large.GroupBy(static row => row.Read, static row => row.Key))
                {
                    _ = FinishAsync(ofBucket.Key, ofBucket.ToList());
                    rows.Remove(ofBucket.Key);
                }

                rows.ForEach(static read => read.Complete());
                heads.ForEach(static read => read.Complete());
                return;
            }
            catch (Exception e)
            {
                await connection.DropAsync();
                if (attempt == 0 && PostgresFaults.IsLostConnection(e))
                {
                    continue;
                }

                if (rows.Count + heads.Count > 1 && (PostgresFaults.IsAboutTheData(e) || PostgresFaults.IsOfTheProgram(e)))
                {
                    // Neither part is ever the whole: first the two kinds are separated, then one kind is halved.
                    var (row, head) = rows.Count > 0 && heads.Count > 0 ? (rows.Count, 0) : (rows.Count / 2, heads.Count / 2);
                    await AnswerAsync(connection, rows[..row], heads[..head]);
                    await AnswerAsync(connection, rows[row..], heads[head..]);
                    return;
                }

                onFault(e);
                var fault = PostgresFaults.IsOfTheDatabase(e) ? new StoreUnavailableException($"PostgreSQL did not answer: {e.Message}", e) : e;
                rows.ForEach(read => read.Fail(fault));
                heads.ForEach(read => read.Fail(fault));
                return;
            }
        }
    }

    /// <returns>Rows whose bodies must still be read.</returns>
    private async ValueTask<List<(PendingRows Read, RecordKey Key)>> ReadAsync(NpgsqlConnection open, List<PendingRows> rows, List<PendingHeads> heads)
    {
        // Claims come before heads. The statement for heads has its own snapshot, and must read the state after the claim is held.
        var term = lease.Current;
        await using var batch = new NpgsqlBatch(open);
        if (rows.Count > 0)
        {
            batch.BatchCommands.Add(ReadStatements.ForRows(rows));
        }

        if (heads.Exists(static read => read.Claim))
        {
            batch.BatchCommands.Add(ReadStatements.ForClaims(heads, term.Process));
        }

        if (heads.Count > 0)
        {
            batch.BatchCommands.Add(ReadStatements.ForHeads(heads));
        }

        // An interrupted first attempt may have found some already.
        rows.ForEach(static read => read.Found.Clear());
        heads.ForEach(static read => read.Found = null);

        List<(PendingRows Read, RecordKey Key)> large = [];
        await using (var reader = await batch.ExecuteReaderAsync())
        {
            if (rows.Count > 0)
            {
                large = await ReadStatements.ReadRowsAsync(reader, rows);
                await reader.NextResultAsync();
            }

            if (heads.Count > 0)
            {
                await ReadStatements.ReadHeadsAsync(reader, heads, term);
            }

            while (await reader.NextResultAsync())
            {
            }
        }

        return large;
    }

    /// <summary>Reads large bodies on other connections, so that only the callers who want them wait.</summary>
    private async Task FinishAsync(PendingRows read, IEnumerable<RecordKey> large)
    {
        try
        {
            foreach (var key in large)
            {
                if (await readLarge(read.Bucket, key) is { } record)
                {
                    read.Found[key] = record;
                }
            }

            read.Complete();
        }
        catch (Exception e)
        {
            read.Fail(e);
        }
    }
}
