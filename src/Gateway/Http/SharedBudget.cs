namespace Lockstep.Gateway.Http;

/// <summary>
/// An amount that all users share fairly:
/// <list type="number">
/// <item>One user holds at most a third of what is free, so a quarter of the whole when nobody else holds anything. However many take as
/// much as they can, something is left for the next.</item>
/// <item>The last eighth is reserved for users who hold at most a thousandth of all.</item>
/// <item>If nobody holds anything, a single request is granted whatever its amount.</item>
/// <item>Waiting users are served in turn. The queue is limited, and so is the time in it.</item>
/// <item>Whoever releases does not go on as those whom it lets in: each grant is handed out to all threads.</item>
/// </list>
/// </summary>
/// <param name="total">The amount.</param>
/// <param name="maxWaiting">Requests that may wait for it.</param>
/// <param name="time">The clock for waiting.</param>
public sealed class SharedBudget(long total, int maxWaiting, TimeProvider time)
{
    private readonly long small = Math.Max(1, total / 1024);
    private readonly Lock gate = new();
    private readonly Dictionary<string, long> held = new(StringComparer.Ordinal);

    // Users who wait, the next one first, and what each of them waits for.
    private readonly LinkedList<string> turns = new();
    private readonly Dictionary<string, Queue<Waiter>> waiting = new(StringComparer.Ordinal);
    private long taken;
    private int waiters;

    /// <param name="total">The amount, for which nobody waits.</param>
    public SharedBudget(long total)
        : this(total, maxWaiting: 0, TimeProvider.System)
    {
    }

    /// <summary>What one user holds at most. Default: nothing beyond the rules.</summary>
    public long MostEach { get; init; } = long.MaxValue;

    /// <summary>What all may hold together.</summary>
    public long Total => total;

    /// <summary>What all hold together.</summary>
    public long Taken
    {
        get
        {
            lock (gate)
            {
                return taken;
            }
        }
    }

    /// <summary>Takes it now or not at all.</summary>
    public bool TryTake(string user, long amount)
    {
        lock (gate)
        {
            if (!Fits(user, amount))
            {
                return false;
            }

            Take(user, amount);
            return true;
        }
    }

    /// <summary>Takes it, and waits for it behind those who wait already.</summary>
    /// <returns>False when too many wait, or it took longer than <paramref name="patience"/>.</returns>
    /// <exception cref="OperationCanceledException">Given up; nothing is held.</exception>
    public ValueTask<bool> TakeAsync(string user, long amount, TimeSpan patience, CancellationToken cancellationToken)
    {
        Waiter waiter;
        lock (gate)
        {
            if (waiters == 0 && Fits(user, amount))
            {
                Take(user, amount);
                return new(true);
            }

            if (waiters >= maxWaiting)
            {
                return new(false);
            }

            waiter = new Waiter(amount);
            if (!waiting.TryGetValue(user, out var queue))
            {
                waiting[user] = queue = new Queue<Waiter>();
                turns.AddLast(user);
            }

            queue.Enqueue(waiter);
            waiters++;
            Serve();
        }

        return GrantedAsync(waiter, user, patience, cancellationToken);
    }

    /// <summary>Takes it whatever there is: for what is there already, and cannot be dropped.</summary>
    public void TakeAnyway(string user, long amount)
    {
        lock (gate)
        {
            Take(user, amount);
        }
    }

    public void Release(string user, long amount)
    {
        lock (gate)
        {
            taken -= amount;
            if (held.GetValueOrDefault(user) - amount is > 0 and var left)
            {
                held[user] = left;
            }
            else
            {
                held.Remove(user);
            }

            if (waiters > 0)
            {
                Serve();
            }
        }
    }

    private async ValueTask<bool> GrantedAsync(Waiter waiter, string user, TimeSpan patience, CancellationToken cancellationToken)
    {
        try
        {
            await waiter.Granted.Task.WaitAsync(patience, time, cancellationToken);
            return true;
        }
        catch (TimeoutException)
        {
            return !GiveUp(waiter);
        }
        catch (OperationCanceledException)
        {
            if (!GiveUp(waiter))
            {
                Release(user, waiter.Amount);
            }

            throw;
        }
    }

    /// <returns>False when it was granted meanwhile.</returns>
    private bool GiveUp(Waiter waiter)
    {
        lock (gate)
        {
            if (waiter.IsDecided)
            {
                return false;
            }

            waiter.IsDecided = true;

            // Who waits behind it may fit.
            waiters--;
            Serve();
            return true;
        }
    }

    private bool Fits(string user, long amount)
    {
        if (taken == 0)
        {
            return true;
        }

        var (all, own) = (taken + amount, held.GetValueOrDefault(user) + amount);
        return all <= total && own <= MostEach && (own <= small || (all <= total - (total / 8) && own <= (total - all) / 3));
    }

    private void Take(string user, long amount)
    {
        taken += amount;
        held[user] = held.GetValueOrDefault(user) + amount;
    }

    /// <summary>Grants what fits, to one user after the other. If the total is exhausted, the first in line holds up those behind.</summary>
    private void Serve()
    {
        for (var turn = turns.First; turn is not null;)
        {
            var (user, queue) = (turn.Value, waiting[turn.Value]);
            while (queue.TryPeek(out var over) && over.IsDecided)
            {
                queue.Dequeue();
            }

            if (queue.TryPeek(out var waiter))
            {
                if (!Fits(user, waiter.Amount))
                {
                    if (taken + waiter.Amount > total)
                    {
                        return;
                    }

                    turn = turn.Next;
                    continue;
                }

                queue.Dequeue();
                waiters--;
                Take(user, waiter.Amount);
                waiter.IsDecided = true;

                // On a queue of all threads: on this thread's own it would come before whatever else lies there, again and again while others release.
                ThreadPool.UnsafeQueueUserWorkItem(static granted => granted.TrySetResult(), waiter.Granted, preferLocal: false);
            }

            turns.Remove(turn);
            if (queue.Count > 0)
            {
                turns.AddLast(user);
            }
            else
            {
                waiting.Remove(user);
            }

            turn = turns.First;
        }
    }

    private sealed class Waiter(long amount)
    {
        public long Amount => amount;

        /// <summary>Granted or given up. Its own, since the task completes later.</summary>
        public bool IsDecided { get; set; }

        public TaskCompletionSource Granted { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
