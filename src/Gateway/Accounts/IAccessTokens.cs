using Lockstep.Core.KeyedAccounts;

namespace Lockstep.Gateway.Accounts;

/// <summary>Access tokens that this server has given out. Protocols that do not know each other accept tokens through this interface.</summary>
public interface IAccessTokens
{
    /// <param name="token">As in <c>Authorization</c>, after the scheme.</param>
    /// <param name="audience">The audience that the token must have: the URL that it opens.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>Null when this server has given out no such token, it has expired, or it is for another audience.</returns>
    /// <exception cref="Core.Storage.StoreUnavailableException">The token cannot be checked now.</exception>
    ValueTask<AccessToken?> FindAsync(string token, string audience, CancellationToken cancellationToken);
}

/// <summary>The account and scopes of an access token.</summary>
/// <param name="Account">The account that it belongs to.</param>
/// <param name="Scopes">The scopes that it was given out for.</param>
public sealed record AccessToken(KeyedAccount Account, IReadOnlyList<string> Scopes);
