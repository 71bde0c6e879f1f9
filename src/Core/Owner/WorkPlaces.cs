namespace Lockstep.Core.Owner;

/// <summary>
/// Places for work that keeps a processor busy, such as sorting or patching what is large: fewer than there are processors, so that
/// everything else goes on. Invariants:
/// <list type="number">
/// <item>Whoever finds no place waits in a line of their own. A place that comes free goes to each user's line in turn, so that one user
/// with much work holds up another one by one piece of work, however many wait.</item>
/// <item>The lines are bounded, all together and each, and nobody waits for longer than the time.</item>
/// </list>
/// </summary>
/// <param name="count">Places.</param>
/// <param name="maxWaiting">How many may wait, a quarter of them of one user.</param>
/// <param name="wait">How long each.</param>
/// <param name="time">The clock.</param>
internal sealed class WorkPlaces(int count, int maxWaiting, TimeSpan wait, TimeProvider time)
{
    private readonly Lock gate = new();
    private readonly Dictionary<string, LinkedList<TaskCompletionSource>> lines = new(StringComparer.Ordinal);

    // Users who wait, the one whose turn is next in front.
    private readonly LinkedList<string> turns = new();
    private int taken;
    private int waiting;

    /// <summary>How many wait.</summary>
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

    /// <param name="user">Whose work it is; empty for the server's own.</param>
    /// <param name="most">How long to wait, where that is less than anybody may.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>Whether there is a place, to be left with <see cref="Leave"/>; else too many wait, or for too long.</returns>
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

    /// <summary>The place is free for the next one.</summary>
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

        // The place came in the same moment.
        Leave();
    }
}
