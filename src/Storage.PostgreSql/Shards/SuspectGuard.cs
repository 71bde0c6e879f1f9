using Lockstep.Core.Storage;

namespace Lockstep.Storage.PostgreSql.Shards;

/// <summary>
/// Guards one of several databases. While the database may be hanging, a few requests at a time wait for it and the others are
/// refused at once: all of them together would take up the room that the process has for the requests of all databases. If the
/// database works although nobody can tell, it keeps serving a few requests at a time.
/// </summary>
/// <param name="isSuspect">Whether the database has not answered lately.</param>
internal sealed class SuspectGuard(Func<bool> isSuspect)
{
    public const int WaitingForASuspect = 16;

    private int waiting;

    /// <exception cref="StoreUnavailableException">It was not let through.</exception>
    public async ValueTask<T> RunAsync<T>(Func<ValueTask<T>> run)
    {
        try
        {
            return Interlocked.Increment(ref waiting) > WaitingForASuspect && isSuspect()
                ? throw new StoreUnavailableException("The database of this bucket does not answer, and others wait for it already.")
                : await run();
        }
        finally
        {
            Interlocked.Decrement(ref waiting);
        }
    }
}
