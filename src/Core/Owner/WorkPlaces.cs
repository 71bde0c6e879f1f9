namespace Lockstep.Core.Owner;

/// <summary>
/// Places for work that keeps a processor busy, such as sorting or patching large data. There are fewer places than processors, so that
/// everything else goes on. Invariants:
/// <list type="number">
/// <item>A user who finds no place waits in a line of their own. A place that becomes free goes to each user's line in turn. So a user
/// with much work delays another by one piece of work, however many wait.</item>
/// <item>Each line and all lines together are limited, and nobody waits for longer than the set time.</item>
/// </list>
/// </summary>
/// <param name="count">The number of places.</param>
/// <param name="maxWaiting">How many may wait; one user may have a quarter of them.</param>
/// <param name="wait">How long each may wait.</param>
/// <param name="time">The clock.</param>
internal sealed class WorkPlaces(int count, int maxWaiting, TimeSpan wait, TimeProvider time)
{
    private readonly Lock gate = new();
    private readonly Dictionary<string, LinkedList<TaskCompletionSource>> lines = new(StringComparer.Ordinal);

    // Users who wait; the first is next.
    private readonly LinkedList<string> turns = new();
    private int taken;
    private int waiting;

    /// <summary>The number waiting.</summary>
    public int Waiting
    {
        get
        {
            lock (gate)
            {
                return waiting;
            }
        }
    }

    /// <inheritdoc cref="TryEnterAsync(string, TimeSpan, CancellationToken)"/>
    public ValueTask<bool> TryEnterAsync(string user, CancellationToken cancellationToken) => TryEnterAsync(user, wait, cancellationToken);

    /// <param name="user">The user of the work; empty for the server itself.</param>
    /// <param name="most">How long to wait, if shorter than the general limit.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <returns>Whether there is a place; leave it with <see cref="Leave"/>. Otherwise too many were waiting, or the wait was too long.</returns>
    public async ValueTask<bool> TryEnterAsync(string user, TimeSpan most, CancellationToken cancellationToken)
    {
        LinkedListNode<TaskCompletionSource> mine;
        lock (gate)
        {
            if (taken < count)
            {
                taken++;
                return true;
            }

            var line = lines.GetValueOrDefault(user);
            if (waiting >= maxWaiting || line?.Count >= Math.Max(1, maxWaiting / 4))
            {
                return false;
            }

            if (line is null)
            {
                lines[user] = line = new LinkedList<TaskCompletionSource>();
                turns.AddLast(user);
            }

            mine = line.AddLast(new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
            waiting++;
        }

        try
        {
            await mine.Value.Task.WaitAsync(most < wait ? most : wait, time, cancellationToken);
            return true;
        }
        catch (Exception e) when (e is TimeoutException or OperationCanceledException)
        {
            GiveUp(user, mine);
            cancellationToken.ThrowIfCancellationRequested();
            return false;
        }
    }

    /// <summary>Passes the place on to the next in line.</summary>
    public void Leave()
    {
        lock (gate)
        {
            if (turns.First is not { } next)
            {
                taken--;
                return;
            }

            turns.RemoveFirst();
            var line = lines[next.Value];
            var first = line.First!.Value;
            line.RemoveFirst();
            waiting--;
            if (line.Count == 0)
            {
                lines.Remove(next.Value);
            }
            else
            {
                turns.AddLast(next);
            }

            first.SetResult();
        }
    }

    private void GiveUp(string user, LinkedListNode<TaskCompletionSource> mine)
    {
        lock (gate)
        {
            if (mine.List is { } line)
            {
                line.Remove(mine);
                waiting--;
                if (line.Count == 0)
                {
                    lines.Remove(user);
                    turns.Remove(user);
                }

                return;
            }
        }

        // The place arrived at the same moment.
        Leave();
    }
}
