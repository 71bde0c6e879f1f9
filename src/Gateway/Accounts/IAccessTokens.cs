using Lockstep.Core.KeyedAccounts;

namespace Lockstep.Gateway.Accounts;

/// <summary>Access tokens that this server itself has given out: how protocols that know nothing of each other take them.</summary>
public interface IAccessTokens
{
    /// <param name="token">As in <c>Authorization</c>, behind the scheme.</param>
    /// <param name="audience">What must be in it: the URL of what it is to open.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>Null when this server has given out no such token, it is over, or it is for another audience.</returns>
    /// <exception cref="Core.Storage.StoreUnavailableException">It cannot be said now.</exception>
    ValueTask<AccessToken?> FindAsync(string token, string audience, CancellationToken cancellationToken);
}

/// <summary>What an access token opens.</summary>
/// <param name="Account">Whose it is.</param>
/// <param name="Scopes">What it was given out for.</param>
public sealed record AccessToken(KeyedAccount Account, IReadOnlyList<string> Scopes);
