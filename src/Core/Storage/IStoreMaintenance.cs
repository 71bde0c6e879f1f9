namespace Lockstep.Core.Storage;

/// <summary>What keeps a store in order and says how it is. Safe for concurrent use.</summary>
public interface IStoreMaintenance
{
    /// <summary>Removes some rows of lists that are no more.</summary>
    /// <param name="limit">Rows at most, so that writers wait no longer than that takes.</param>
    /// <param name="cancellationToken">Stops before the step, never within it.</param>
    /// <returns>Whether there may be more to remove.</returns>
    /// <exception cref="StoreUnavailableException">The store could not.</exception>
    ValueTask<bool> PurgeAsync(int limit, CancellationToken cancellationToken);

    /// <summary>Whether the store can be read and written now; where it has several parts, the one that everybody needs.</summary>
    ValueTask<bool> IsHealthyAsync(CancellationToken cancellationToken);
}
