using Lockstep.Core.Storage;
using Lockstep.Core.Time;
using Lockstep.Core.Work;

namespace Lockstep.Core.Owner;

/// <summary>
/// A read's two places: one of <see cref="OwnerWork.Sorts"/> and one of <see cref="OwnerWork.Processors"/>. It holds them
/// while it works, but not while it waits for the store. So a slow database does not block work on another one.
/// </summary>
/// <param name="work">The places.</param>
/// <param name="user">The user of the places.</param>
/// <param name="wait">How long to wait for both.</param>
/// <param name="time">The clock.</param>
internal sealed class WorkTurn(OwnerWork work, string user, TimeSpan wait, TimeProvider time)
{
    private bool isHeld;

    /// <param name="end">How long to wait.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <returns>Whether both became free.</returns>
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

    /// <summary>Goes through what was read, on a thread of its own: see <see cref="LongWork"/>.</summary>
    public static Task<T> RunAsync<T>(Func<T> look) => LongWork.RunAsync("list-read", look);

    /// <summary>Gives the places back, waits for the store, and takes places again. Keeps them for a store that reads on the caller's thread, which is one of its own.</summary>
    /// <param name="store">The store.</param>
    /// <param name="read">The call.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <returns>The result; null if no place became free again.</returns>
    public async ValueTask<T?> ReadAsync<T>(IBucketStore store, Func<ValueTask<T>> read, CancellationToken cancellationToken)
        where T : class
    {
        if (store.ReadsOnCallersThread)
        {
            return await RunAsync(() => read().AsTask().GetAwaiter().GetResult());
        }

        var reading = read();
        if (reading.IsCompleted)
        {
            return await reading;
        }

        Leave();
        var found = await reading;
        return await TryTakeAsync(Deadline.After(wait, time), cancellationToken) ? found : null;
    }

    /// <summary>Gives the places back.</summary>
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
