namespace Lockstep.Storage.Contract;

/// <summary>Counts what happens, and tells who waits for some number of it. Safe for concurrent use.</summary>
public sealed class Tally
{
    private readonly Lock gate = new();
    private readonly List<(long Target, TaskCompletionSource Reached)> waiting = [];
    private long count;

    public long Count => Interlocked.Read(ref count);

    public void Add()
    {
        lock (gate)
        {
            count++;
            foreach (var (target, reached) in waiting)
            {
                if (target == count)
                {
                    reached.SetResult();
                }
            }

            waiting.RemoveAll(waiter => waiter.Target == count);
        }
    }

    /// <summary>Ends when so many have happened, at once if they have; with a <see cref="TimeoutException"/> when that takes a minute.</summary>
    public Task ReachesAsync(long target)
    {
        lock (gate)
        {
            if (count >= target)
            {
                return Task.CompletedTask;
            }

            var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            waiting.Add((target, reached));
            return reached.Task.WaitAsync(TimeSpan.FromMinutes(1));
        }
    }

    /// <summary>Ends when so many more have happened.</summary>
    public Task RisesAsync(long by) => ReachesAsync(Count + by);
}
