using Lockstep.Core.Owner;

namespace Lockstep.Silo.Hosting;

/// <summary>
/// Keeps the heap near the memory budget, and gives memory back. Where there is much memory the runtime lets garbage pile up, and
/// the heap does not shrink by itself. So there is a full collection
/// <list type="bullet">
/// <item>when the heap is over half of the budget and has doubled since the last one, or is over five eighths of it and has grown by an eighth of it: large patches and pages
/// leave garbage faster than the runtime thinks worth collecting;</item>
/// <item>once the process has gone quiet after its start, which leaves much that is needed once, or has much more from the system than after the last time, be it that
/// many owners have left or that requests took much.</item>
/// </list>
/// A full collection stops all threads for about a second for each gigabyte that is in use, longer than leases and probes of a cluster
/// wait: so none where many owners are here, whose room will be needed again anyway.
/// </summary>
internal sealed class HeapReturn(LockstepOptions options, TimeProvider time, InProcessBuckets? buckets = null) : BackgroundService
{
    // With as many the heap is some 100 MB, and a collection of it a tenth of a second.
    private const int FewOwners = 20_000;
    private const long Much = 64L << 20;

    // Pools of buffers let go at a collection of what nobody has used for a minute.
    private const int Times = 8;
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(10);
    private readonly long budget = MemoryBudget.Of(options, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes);

    /// <summary>Bytes that the heap has from the system, in use or not, as of the last collection.</summary>
    private static long Committed => GC.GetGCMemoryInfo(GCKind.Any).TotalCommittedBytes;

    private bool HasFewOwners => !(buckets?.Count > FewOwners);

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.WhenAll(EachAsync(Look, Bound, stoppingToken), EachAsync(Quiet, ReturnIfQuiet(), stoppingToken));

    private async Task EachAsync(TimeSpan interval, Action step, CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(interval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                step();
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The process stops.
        }
    }

    private void Bound()
    {
        var heap = GC.GetTotalMemory(forceFullCollection: false);
        if (heap <= budget / 2 || !HasFewOwners)
        {
            return;
        }

        var last = GC.GetGCMemoryInfo(GCKind.FullBlocking).HeapSizeBytes;
        if (heap > 2 * last || (heap > budget / 8 * 5 && heap > last + (budget / 8)))
        {
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Forced, blocking: true, compacting: false);
        }
    }

    private Action ReturnIfQuiet()
    {
        var (allocated, kept, times) = (GC.GetTotalAllocatedBytes(), Committed, 1);
        return () =>
        {
            var before = allocated;
            allocated = GC.GetTotalAllocatedBytes();
            times = Committed - kept >= Much ? Times : times;
            if (times > 0 && allocated - before < Much && HasFewOwners)
            {
                times--;
                GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
                kept = Committed;
            }
        };
    }
}
