using Lockstep.Core.Time;

namespace Lockstep.Core.Quotas;

/// <summary>
/// Quotas that administrators have set. They lie where accounts lie. What a caller decides is decided from what it has read, and is done only
/// if that is still so, in one transaction. Stamps rise with each change, whatever the clock says.
/// </summary>
/// <remarks>All calls throw <see cref="Storage.StoreUnavailableException"/> when the store cannot answer.</remarks>
public interface IQuotaStore
{
    /// <summary>When one was last set or removed; zero for never.</summary>
    ValueTask<ServerTimestamp> StampAsync(CancellationToken cancellationToken);

    ValueTask<QuotaList> ListAsync(CancellationToken cancellationToken);

    /// <returns>Null when there is none.</returns>
    ValueTask<Quota?> FindAsync(QuotaSubject subject, CancellationToken cancellationToken);

    /// <summary>Sets a quota.</summary>
    /// <param name="quota">As it is to be. Its stamp does not count.</param>
    /// <param name="read">As it was read; null for none.</param>
    /// <param name="most">How many there may be.</param>
    /// <param name="now">When.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>What came of it, and the quota as it is stored where it is done.</returns>
    ValueTask<(QuotaChange Change, Quota? Stored)> PutAsync(Quota quota, Quota? read, int most, ServerTimestamp now, CancellationToken cancellationToken);

    /// <summary>Removes a quota: what the settings say holds again.</summary>
    /// <param name="read">As it was read.</param>
    /// <param name="now">When.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>The stamp of the removal; null when the quota is not as it was read any more.</returns>
    ValueTask<ServerTimestamp?> RemoveAsync(Quota read, ServerTimestamp now, CancellationToken cancellationToken);
}
