using Lockstep.Core.Time;

namespace Lockstep.Core.Owner;

/// <summary>
/// A read's places among those of the process: one of <see cref="OwnerWork.Sorts"/> and one of <see cref="OwnerWork.Processors"/>. It has them
/// while it works, and not while it waits for the store: a database that is slow keeps nobody from work on another one.
/// </summary>
/// <param name="work">The places.</param>
/// <param name="user">Whose they are.</param>
/// <param name="wait">How long to wait for both.</param>
/// <param name="time">The clock.</param>
internal sealed class WorkTurn(OwnerWork work, string user, TimeSpan wait, TimeProvider time)
{
    private bool isHeld;

    /// <param name="end">Until when to wait.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>Whether both came free.</returns>
    public async ValueTask<bool> TryTakeAsync(Deadline end, CancellationToken cancellationToken)
    {
        if (!await work.Sorts.TryEnterAsync(user, end.Left, cancellationToken))
        {
            return false;
        }

        try
        {
            isHeld = await work.Processors.TryEnterAsync(user, end.Left, cancellationToken);
        }
        finally
        {
            if (!isHeld)
            {
                work.Sorts.Leave();
            }
        }

        return isHeld;
    }

    /// <summary>Waits for the store without the places, and takes them again.</summary>
    /// <param name="read">What the store is asked.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>What it said; null when no place came free again.</returns>
    public async ValueTask<T?> ReadAsync<T>(Func<ValueTask<T>> read, CancellationToken cancellationToken)
        where T : class
    {
        var reading = read();
        if (reading.IsCompleted)
        {
            return await reading;
        }

        Leave();
        var found = await reading;
        return await TryTakeAsync(Deadline.After(wait, time), cancellationToken) ? found : null;
    }

    /// <summary>Gives back what is held.</summary>
    public void Leave()
    {
        if (isHeld)
        {
            isHeld = false;
            work.Processors.Leave();
            work.Sorts.Leave();
        }
    }
}
