using System.Runtime.ExceptionServices;
using Lockstep.Core.Storage;

namespace Lockstep.Storage.PostgreSql.Shards;

/// <summary>Keeps several databases in order.</summary>
/// <param name="databases">In the order of their numbers; the home database is the first.</param>
internal sealed class ShardedMaintenance(IReadOnlyList<IStoreMaintenance> databases) : IStoreMaintenance
{
    private readonly Lock gate = new();
    private readonly Task<bool>?[] purging = new Task<bool>?[databases.Count];

    /// <inheritdoc/>
    /// <remarks>
    /// Runs a step in each database at a time. The first step that leaves more to do ends the call, so that the others need not
    /// wait for a database that hangs. Its step is awaited when there is nothing else to do.
    /// </remarks>
    /// <exception cref="StoreUnavailableException">A database failed, and the others have nothing more to remove.</exception>
    public async ValueTask<bool> PurgeAsync(int limit, CancellationToken cancellationToken)
    {
        var steps = new List<Task<bool>>();
        lock (gate)
        {
            for (var i = 0; i < databases.Count; i++)
            {
                steps.Add(purging[i] ??= databases[i].PurgeAsync(limit, cancellationToken).AsTask());
            }
        }

        ExceptionDispatchInfo? fault = null;
        while (steps.Count > 0)
        {
            var step = await Task.WhenAny(steps);
            steps.Remove(step);
            lock (gate)
            {
                if (Array.IndexOf(purging, step) is >= 0 and var ended)
                {
                    purging[ended] = null;
                }
            }

            try
            {
                if (await step)
                {
                    return true;
                }
            }
            catch (Exception e)
            {
                fault = ExceptionDispatchInfo.Capture(e);
            }
        }

        fault?.Throw();
        return false;
    }

    /// <summary>
    /// Whether the home database can be used, since nobody can sign in without it. Another database that is away says nothing about this
    /// process: all processes miss it alike, and taking one of them out of service would make the other buckets unavailable too.
    /// </summary>
    public ValueTask<bool> IsHealthyAsync(CancellationToken cancellationToken) => databases[0].IsHealthyAsync(cancellationToken);
}
