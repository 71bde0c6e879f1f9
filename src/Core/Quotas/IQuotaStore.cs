using Lockstep.Core.Time;

namespace Lockstep.Core.Quotas;

/// <summary>
/// Quotas that administrators have set, stored with the accounts. A change is conditional: it is done, in one transaction, only if the quota
/// is still as the caller has read it. Stamps rise with each change, whatever the clock says.
/// </summary>
/// <remarks>All calls throw <see cref="Storage.StoreUnavailableException"/> when the store cannot answer.</remarks>
public interface IQuotaStore
{
    /// <summary>When a quota was last set or removed; zero for never.</summary>
    ValueTask<ServerTimestamp> StampAsync(CancellationToken cancellationToken);

    ValueTask<QuotaList> ListAsync(CancellationToken cancellationToken);

    /// <returns>Null when there is none.</returns>
    ValueTask<Quota?> FindAsync(QuotaSubject subject, CancellationToken cancellationToken);

    /// <summary>Sets a quota.</summary>
    /// <param name="quota">The new quota. Its stamp is ignored.</param>
    /// <param name="read">The quota as it was read; null for none.</param>
    /// <param name="most">The maximal number of quotas.</param>
    /// <param name="now">The time of the change.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>The outcome, and the stored quota if it was set.</returns>
    ValueTask<(QuotaChange Change, Quota? Stored)> PutAsync(Quota quota, Quota? read, int most, ServerTimestamp now, CancellationToken cancellationToken);

    /// <summary>Removes a quota, so that the settings apply again.</summary>
    /// <param name="read">The quota as it was read.</param>
    /// <param name="now">The time of the change.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>The stamp of the removal; null when the quota has changed since it was read.</returns>
    ValueTask<ServerTimestamp?> RemoveAsync(Quota read, ServerTimestamp now, CancellationToken cancellationToken);
}
