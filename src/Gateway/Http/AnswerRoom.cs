using Lockstep.Gateway.Metering;

namespace Lockstep.Gateway.Http;

/// <summary>
/// The memory of one request's answer. Before something is loaded the most that it can be is promised; once it is there, what it is
/// is kept, until the answer has left. Not for several threads.
/// </summary>
public sealed class AnswerRoom : IDisposable
{
    // An owner that takes longer cannot be reached, or its database hangs: others get the room meanwhile.
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(250);

    // Less is no matter to others, and not worth a timer.
    private const long LeastLapsing = 64 << 10;

    private readonly SharedBudget bytes;
    private readonly string who;
    private readonly GatewayMetrics metrics;
    private long promised;
    private long kept;

    internal AnswerRoom(SharedBudget bytes, string who, GatewayMetrics metrics) => (this.bytes, this.who, this.metrics) = (bytes, who, metrics);

    /// <summary>Asks for room for what is going to be loaded, and waits for it.</summary>
    /// <param name="most">Bytes that it can be at most.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>False when there was none for too long: nothing may be loaded.</returns>
    public async ValueTask<bool> PromiseAsync(long most, CancellationToken cancellationToken)
    {
        if (most > 0 && !await bytes.TakeAsync(who, most, Admission.AnswerPatience, cancellationToken))
        {
            metrics.AnswerRefused();
            return false;
        }

        promised += most;
        return true;
    }

    /// <summary>As <see cref="PromiseAsync"/>, without waiting, for who can do without it and would wait for what they hold themselves.</summary>
    public bool TryPromise(long most)
    {
        if (most > 0 && !bytes.TryTake(who, most))
        {
            return false;
        }

        promised += most;
        return true;
    }

    /// <summary>The answer takes long: its reservation is released, so that others are not held up. When it comes it has to find room.</summary>
    public void Lapse()
    {
        Release(promised);
        promised = 0;
    }

    /// <summary>Waits for what was promised. While it takes long, its reservation is released.</summary>
    /// <param name="answer">On its way.</param>
    /// <param name="time">To wait by.</param>
    public ValueTask<T> ArrivalAsync<T>(ValueTask<T> answer, TimeProvider time) =>
        answer.IsCompleted || promised < LeastLapsing ? answer : LapsingAsync(answer, time);

    private async ValueTask<T> LapsingAsync<T>(ValueTask<T> answer, TimeProvider time)
    {
        var arrival = answer.AsTask();
        await ((Task)arrival.WaitAsync(Patience, time)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);

        // It may have come after the wait for it had ended, and before this line.
        if (!arrival.IsCompleted)
        {
            Lapse();
        }

        return await arrival;
    }

    /// <summary>What was promised is there, or does not come.</summary>
    /// <param name="size">Bytes of it.</param>
    /// <returns>False when it is more than was promised and there is no room for that: it has to be dropped.</returns>
    public bool TryKeep(long size)
    {
        if (size > promised)
        {
            if (!bytes.TryTake(who, size - promised))
            {
                metrics.AnswerRefused();
                Lapse();
                return false;
            }
        }
        else
        {
            Release(promised - size);
        }

        promised = 0;
        kept += size;
        return true;
    }

    /// <summary>As <see cref="TryKeep"/>, for what tells of something that was done, and so cannot be dropped.</summary>
    public void Keep(long size)
    {
        Lapse();
        if (size > 0)
        {
            bytes.TakeAnyway(who, size);
            kept += size;
        }
    }

    /// <summary>The whole answer is there.</summary>
    /// <param name="size">Bytes of all of it, with what was kept already.</param>
    /// <returns>As of <see cref="TryKeep"/>.</returns>
    public bool TryEnd(long size)
    {
        if (size >= kept)
        {
            return TryKeep(size - kept);
        }

        Lapse();
        Release(kept - size);
        kept = size;
        return true;
    }

    public void Dispose()
    {
        Release(promised + kept);
        (promised, kept) = (0, 0);
    }

    private void Release(long amount)
    {
        if (amount > 0)
        {
            bytes.Release(who, amount);
        }
    }
}
