using Microsoft.AspNetCore.Connections;

namespace Lockstep.Silo.Hosting;

/// <summary>Counts the connections of clients.</summary>
internal sealed class OpenConnections
{
    private int open;
    private volatile TaskCompletionSource? none;

    public ConnectionDelegate Count(ConnectionDelegate next) => async connection =>
    {
        Interlocked.Increment(ref open);
        try
        {
            await next(connection);
        }
        finally
        {
            if (Interlocked.Decrement(ref open) == 0)
            {
                none?.TrySetResult();
            }
        }
    };

    /// <summary>Completes as soon as nobody is connected.</summary>
    public Task NoneAsync()
    {
        var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        none = reached;

        // Read after the above is visible, so that an end in between is seen here or there.
        if (Interlocked.CompareExchange(ref open, 0, 0) == 0)
        {
            reached.TrySetResult();
        }

        return reached.Task;
    }
}
