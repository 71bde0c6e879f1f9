using Lockstep.Core.Assignments;
using Lockstep.Gateway.Http;

namespace Lockstep.Gateway.Sync15.TokenServer;

/// <summary>A user's store, for which a token can be made.</summary>
/// <param name="Store">The one in use.</param>
/// <param name="NodeUrl">Of the node that it lies on; null for this server.</param>
public sealed record StoreFound(Assignment Store, string? NodeUrl)
{
    /// <summary>The user, as who has a token of the storage is known to its owner.</summary>
    public Principal Principal => SyncPrincipal.Of(Store.Number, Store.QuotaBytes);
}
