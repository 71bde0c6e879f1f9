using Lockstep.Gateway.Accounts;
using Lockstep.Gateway.Http;

namespace Lockstep.Gateway.Tests.Notes;

/// <summary><c>Token alice</c> is Alice.</summary>
internal sealed class TokenScheme : IAuthenticationScheme
{
    public string Name => "Token";

    public ValueTask<SignIn> SignInAsync(SignInRequest request, CancellationToken cancellationToken)
    {
        var name = request.Authorization!.Split(' ').Last();
        return ValueTask.FromResult(
            name is "throttled" ? new SignIn(SignInStatus.Throttled, RetryAfter: TimeSpan.FromSeconds(7))
            : name.All(char.IsAsciiLetter) ? new SignIn(SignInStatus.Succeeded, new Principal($"notes:{name}", name, name))
            : SignIn.Refused);
    }
}
