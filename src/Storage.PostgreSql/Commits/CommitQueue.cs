using System.Threading.Channels;
using Lockstep.Core.Buckets;
using Lockstep.Core.Metering;
using Lockstep.Core.Storage;
using Lockstep.Core.Time;
using Lockstep.Storage.PostgreSql.Leases;
using Npgsql;

namespace Lockstep.Storage.PostgreSql.Commits;

/// <summary>
/// Group commit: all commits that have queued, of any number of buckets, share one transaction and one flush. Invariants:
/// <list type="number">
/// <item>A group is limited in commits, records and bytes. A large commit has a transaction and a connection to itself.</item>
/// <item>A transaction holds at most one commit of a bucket. A second commit of the bucket waits for the lane's next transaction.</item>
/// <item>A commit with values that the server refuses fails alone. Its group is split in halves until the commit is found.</item>
/// <item>A bucket that another transaction has locked is tried again later. The others do not wait for it.</item>
/// <item>A commit that no transaction has taken by its deadline was not executed, and its caller is told so.</item>
/// </list>
/// </summary>
internal sealed class CommitQueue : IAsyncDisposable
{
    public const int LargeLanes = 2;
    private const int MaxGroupCommits = 512;
    private const int MaxGroupRecords = 2_000;

    // A group has the deadline of its first commit: one that is nearly late would make all others late.
    private static readonly TimeSpan LeastLeft = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMilliseconds(100);

    private readonly Channel<PendingCommit> small = Channel.CreateUnbounded<PendingCommit>();
    private readonly Channel<PendingCommit> large = Channel.CreateUnbounded<PendingCommit>();
    private readonly CancellationTokenSource stopping = new();
    private readonly PostgresOptions options;
    private readonly TimeProvider time;
    private readonly Action<Exception> onFault;
    private readonly StoreMetrics metrics;
    private readonly List<Task> running = [];
    private readonly TimeLimits limits;

    public CommitQueue(
        NpgsqlDataSource source, ProcessLease lease, PostgresOptions options, TimeProvider time, Action<Exception> onFault, StoreMetrics metrics)
    {
        this.options = options;
        this.time = time;
        this.onFault = onFault;
        this.metrics = metrics;
        limits = new TimeLimits(time);
        running.Add(RunAsync(small, new CommitLane(source, lease, options, time, onFault), MaxGroupCommits));
        for (var i = 0; i < LargeLanes; i++)
        {
            running.Add(RunAsync(large, new CommitLane(source, lease, options, time, onFault), maxCommits: 1));
        }
    }

    public async Task<CommitOutcome> CommitAsync(BucketCommit commit)
    {
        var pending = new PendingCommit(commit, time.GetTimestamp());
        Enqueue(pending);
        var limit = limits.Take(commit.Deadline.Left);
        try
        {
            // A commit that a lane has taken is not given up here: the lane has the same deadline.
            using (limit.Token.UnsafeRegister(static waiting => ((PendingCommit)waiting!).TryGiveUp(), pending))
            {
                return await pending.Outcome;
            }
        }
        finally
        {
            limits.GiveBack(limit);
        }
    }

    /// <summary>Finishes what has queued.</summary>
    public async ValueTask DisposeAsync()
    {
        small.Writer.TryComplete();
        large.Writer.TryComplete();
        await Task.WhenAll(running);
        await stopping.CancelAsync();
        stopping.Dispose();
    }

    private void Enqueue(PendingCommit pending)
    {
        var isLarge = pending.Rows > MaxGroupRecords / 4 || pending.Bytes > options.MaxGroupBytes / 4;
        if (!(isLarge ? large : small).Writer.TryWrite(pending))
        {
            pending.Complete(CommitOutcome.NotExecuted);
        }
    }

    private async Task RunAsync(Channel<PendingCommit> queue, CommitLane lane, int maxCommits)
    {
        await Task.Yield();
        var next = new Queue<PendingCommit>();
        var group = new List<PendingCommit>();
        var buckets = new HashSet<BucketId>();
        var (records, bytes) = (0, 0L);
        while (next.Count > 0 || await queue.Reader.WaitToReadAsync())
        {
            // :: Step 1: form a group from the queue, each bucket once.
            for (var waiting = next.Count; waiting > 0; waiting--)
            {
                Take(next.Dequeue());
            }

            while (group.Count < maxCommits && next.Count < MaxGroupCommits && queue.Reader.TryPeek(out var first) && Fits(first) && queue.Reader.TryRead(out first))
            {
                Take(first);
            }

            if (group.Count == 0)
            {
                // Another lane of this queue was faster, or the waiting commits were given up.
                continue;
            }

            // :: Step 2: commit it.
            try
            {
                await CommitAsync(lane, group);
            }
            catch (Exception e)
            {
                // A bug. Nobody knows how far the commit came. The lane starts over, so that no remains disturb it.
                group.ForEach(static pending => pending.Complete(CommitOutcome.Unknown));
                await lane.StartOverAsync();
                onFault(e);
            }

            group.Clear();
            buckets.Clear();
            (records, bytes) = (0, 0);
        }

        await lane.DisposeAsync();

        void Take(PendingCommit pending)
        {
            if (Fits(pending) && !buckets.Contains(pending.Commit.Id))
            {
                if (pending.Commit.Deadline.Left < LeastLeft)
                {
                    pending.TryGiveUp();
                    return;
                }

                if (!pending.TryTake())
                {
                    return;
                }

                buckets.Add(pending.Commit.Id);
                group.Add(pending);
                records += pending.Rows;
                bytes += pending.Bytes;
            }
            else
            {
                next.Enqueue(pending);
            }
        }

        bool Fits(PendingCommit pending) => group.Count == 0
            || (group.Count < maxCommits
                && records + pending.Rows <= MaxGroupRecords
                && bytes + pending.Bytes <= options.MaxGroupBytes);
    }

    private async ValueTask CommitAsync(CommitLane lane, IReadOnlyList<PendingCommit> group)
    {
        var begun = metrics.Now();
        var (result, outcomes) = await lane.ExecuteAsync(group);
        metrics.TransactionEnded(group.Count, begun);
        switch (result)
        {
            case GroupResult.Committed:
                for (var i = 0; i < group.Count; i++)
                {
                    if (outcomes[i] is { } outcome)
                    {
                        group[i].Complete(outcome);
                    }
                    else
                    {
                        _ = TryLaterAsync(group[i]);
                    }
                }

                break;
            case GroupResult.Refused when group.Count > 1:
                var half = group.Count / 2;
                await CommitAsync(lane, [.. group.Take(half)]);
                await CommitAsync(lane, [.. group.Skip(half)]);
                break;
            default:
                var all = result switch
                {
                    GroupResult.Refused => CommitOutcome.Refused,
                    GroupResult.Unknown => CommitOutcome.Unknown,
                    _ => CommitOutcome.NotExecuted,
                };
                foreach (var pending in group)
                {
                    pending.Complete(all);
                }

                break;
        }
    }

    private async Task TryLaterAsync(PendingCommit pending)
    {
        pending.PutBack();
        try
        {
            var pause = TimeSpan.FromMilliseconds(1 << Math.Min(pending.TimesBusy++, 7));
            if (!pending.Commit.Deadline.HasCome && time.GetElapsedTime(pending.QueuedAt) < options.LockTimeout)
            {
                await Task.Delay(pause < LongestPause ? pause : LongestPause, time, stopping.Token);
                Enqueue(pending);
                return;
            }
        }
        catch (OperationCanceledException)
        {
            // The server is stopping.
        }
        catch (Exception e)
        {
            // A bug. Nobody awaits this task, and the bucket's owner would wait for ever.
            onFault(e);
        }

        pending.Complete(CommitOutcome.NotExecuted);
    }
}
