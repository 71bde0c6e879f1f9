using Lockstep.Gateway.Metering;

namespace Lockstep.Gateway.Http;

/// <summary>
/// The memory of one request's answer. Before data is loaded, room for its maximal size is promised. Once it is there, room for its actual size
/// is kept until the answer has been sent. Not thread-safe.
/// </summary>
public sealed class AnswerRoom : IDisposable
{
    // An owner that takes longer cannot be reached, or its database hangs: others get the room meanwhile.
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(250);

    // A smaller promise does not affect others, and is not worth a timer.
    private const long LeastLapsing = 64 << 10;

    // 64 KiB of the default 256 MiB. Requests are limited too, so all of them together go beyond it by half at most.
    private const int LittleShare = 4096;

    private readonly SharedBudget bytes;
    private readonly string who;
    private readonly GatewayMetrics metrics;
    private long promised;
    private long kept;
    private long beyond;

    internal AnswerRoom(SharedBudget bytes, string who, GatewayMetrics metrics) => (this.bytes, this.who, this.metrics) = (bytes, who, metrics);

    /// <summary>The party that the room is charged to.</summary>
    public string Who => who;

    /// <summary>Asks for room for data to be loaded, and waits for it.</summary>
    /// <param name="most">The maximal number of bytes.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <returns>False if there was no room in time: nothing may be loaded.</returns>
    public ValueTask<bool> PromiseAsync(long most, CancellationToken cancellationToken)
    {
        var taking = most > 0 ? bytes.TakeAsync(who, most, Admission.AnswerPatience, cancellationToken) : new(true);
        return taking.IsCompletedSuccessfully ? new(Promised(most, taking.Result)) : PromisedAsync(most, taking);
    }

    /// <summary>Like <see cref="PromiseAsync"/> but without waiting, for callers that can do without and would wait for what they hold themselves.</summary>
    public bool TryPromise(long most)
    {
        if (most > 0 && !bytes.TryTake(who, most))
        {
            return false;
        }

        promised += most;
        return true;
    }

    /// <summary>Releases the promise, because the answer takes long and others need the room. When the answer arrives it has to find room again.</summary>
    public void Lapse()
    {
        Release(promised);
        promised = 0;
    }

    /// <summary>Waits for the promised data. If it takes long, the promise is released.</summary>
    /// <param name="answer">The pending answer.</param>
    /// <param name="time">The clock of the wait.</param>
    public ValueTask<T> ArrivalAsync<T>(ValueTask<T> answer, TimeProvider time) =>
        answer.IsCompleted || promised < LeastLapsing ? answer : LapsingAsync(answer, time);

    private async ValueTask<T> LapsingAsync<T>(ValueTask<T> answer, TimeProvider time)
    {
        var arrival = answer.AsTask();
        await ((Task)arrival.WaitAsync(Patience, time)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);

        // It may have arrived after the wait had ended, and before this line.
        if (!arrival.IsCompleted)
        {
            Lapse();
        }

        return await arrival;
    }

    /// <summary>The promised data is there, or will not come.</summary>
    /// <param name="size">Its bytes.</param>
    /// <returns>
    /// False if it is more than promised and there is no room for that: it has to be dropped. A little more is always kept, so that the user's other
    /// requests cannot cost a late page of a few records its answer, or a refused write the record that it tells of.
    /// </returns>
    public bool TryKeep(long size)
    {
        if (size > promised)
        {
            var more = size - promised;
            if (!bytes.TryTake(who, more))
            {
                if (beyond + more > bytes.Total / LittleShare)
                {
                    metrics.AnswerRefused();
                    Lapse();
                    return false;
                }

                bytes.TakeAnyway(who, more);
                beyond += more;
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

    /// <summary>Like <see cref="TryKeep"/>, for an answer that reports a change, and so cannot be dropped.</summary>
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
    /// <param name="size">Bytes of the whole answer, including what was kept already.</param>
    /// <returns>See <see cref="TryKeep"/>.</returns>
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

    private async ValueTask<bool> PromisedAsync(long most, ValueTask<bool> taking) => Promised(most, await taking);

    private bool Promised(long most, bool isTaken)
    {
        if (!isTaken)
        {
            metrics.AnswerRefused();
            return false;
        }

        promised += most;
        return true;
    }

    private void Release(long amount)
    {
        if (amount > 0)
        {
            bytes.Release(who, amount);
        }
    }
}
