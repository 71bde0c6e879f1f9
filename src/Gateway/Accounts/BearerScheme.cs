using Lockstep.Gateway.Http;

namespace Lockstep.Gateway.Accounts;

/// <summary>
/// Access tokens of this server (RFC 6750), where it gives out any. Each protocol has its own scope and refuses tokens without it.
/// </summary>
/// <param name="tokens">Null where this server gives out none.</param>
/// <param name="accounts">The accounts that tokens belong to.</param>
/// <param name="http">How clients see this server.</param>
/// <param name="scope">The scope that opens the protocol.</param>
/// <param name="prefix">The protocol's path. With the public URL in front it is the audience of its tokens.</param>
public sealed class BearerScheme(IEnumerable<IAccessTokens> tokens, AccountDirectory accounts, HttpOptions http, string scope, string prefix) : IAuthenticationScheme
{
    private readonly IAccessTokens? tokens = tokens.FirstOrDefault();

    public string Name => "Bearer";

    public async ValueTask<SignIn> SignInAsync(SignInRequest request, CancellationToken cancellationToken)
    {
        var token = request.Authorization!.AsSpan().Trim()[Name.Length..].Trim().ToString();
        var audience = request.ServerUrl(http) + prefix;
        return tokens is not null && await tokens.FindAsync(token, audience, cancellationToken) is { } found && found.Scopes.Contains(scope, StringComparer.Ordinal)
            ? new SignIn(SignInStatus.Succeeded, accounts.DelegateOf(found.Account.Account))
            : SignIn.Refused;
    }
}
