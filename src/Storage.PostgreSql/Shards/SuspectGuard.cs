using Lockstep.Core.Storage;

namespace Lockstep.Storage.PostgreSql.Shards;

/// <summary>
/// Stands before one of several databases. While it may be hanging, few requests at a time wait for it and the others are
/// refused at once: all together they would take up the room that the process has for the requests of all databases. A
/// database that works though nobody can tell serves on, a few at a time.
/// </summary>
/// <param name="isSuspect">Whether the database was not heard of lately.</param>
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
