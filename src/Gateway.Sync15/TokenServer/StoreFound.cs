using Lockstep.Core.Assignments;
using Lockstep.Gateway.Http;

namespace Lockstep.Gateway.Sync15.TokenServer;

/// <summary>A user's store, for which a token can be made.</summary>
/// <param name="Store">The store in use.</param>
/// <param name="NodeUrl">The URL of its node; null for this server.</param>
public sealed record StoreFound(Assignment Store, string? NodeUrl)
{
    /// <summary>The user as a principal, as the storage's owner knows a holder of its token.</summary>
    public Principal Principal => SyncPrincipal.Of(Store.Number, Store.QuotaBytes);
}
