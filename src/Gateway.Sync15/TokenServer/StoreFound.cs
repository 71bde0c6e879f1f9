using Lockstep.Core.Assignments;

namespace Lockstep.Gateway.Sync15.TokenServer;

/// <summary>A user's store, for which a token can be made.</summary>
/// <param name="Store">The one in use.</param>
/// <param name="NodeUrl">Of the node that it lies on; null for this server.</param>
internal sealed record StoreFound(Assignment Store, string? NodeUrl);
