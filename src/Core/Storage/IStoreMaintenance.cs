namespace Lockstep.Core.Storage;

/// <summary>Maintains a store and reports its health. Safe for concurrent use.</summary>
public interface IStoreMaintenance
{
    /// <summary>Removes some rows of deleted lists.</summary>
    /// <param name="limit">The maximal number of rows, which limits how long writers wait.</param>
    /// <param name="cancellationToken">Stops before the step, never within it.</param>
    /// <returns>Whether there may be more to remove.</returns>
    /// <exception cref="StoreUnavailableException">The store could not remove them.</exception>
    ValueTask<bool> PurgeAsync(int limit, CancellationToken cancellationToken);

    /// <summary>Whether the store can be read and written now. If it has several parts, this is about the one that everybody needs.</summary>
    ValueTask<bool> IsHealthyAsync(CancellationToken cancellationToken);
}
