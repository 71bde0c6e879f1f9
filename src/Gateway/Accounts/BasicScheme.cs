namespace Lockstep.Gateway.Accounts;

/// <summary>Name and password of a local account (RFC 7617).</summary>
public sealed class BasicScheme(AccountDirectory accounts) : IAuthenticationScheme
{
    public string Name => "Basic";

    public ValueTask<SignIn> SignInAsync(SignInRequest request, CancellationToken cancellationToken) =>
        accounts.SignInAsync(request, cancellationToken);
}
