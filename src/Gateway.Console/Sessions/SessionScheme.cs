using Lockstep.Gateway.Accounts;

namespace Lockstep.Gateway.Console.Sessions;

/// <summary>Signs in by the secret of a session. It is read each time, so that one that has ended does not count anywhere.</summary>
internal sealed class SessionScheme(ConsoleSessions sessions, AccountDirectory accounts) : IAuthenticationScheme
{
    public const string Word = "Session";

    public string Name => Word;

    public async ValueTask<SignIn> SignInAsync(SignInRequest request, CancellationToken cancellationToken) =>
        await sessions.FindAsync(request.Authorization![(Word.Length + 1)..], cancellationToken) is { } session
            ? new SignIn(SignInStatus.Succeeded, accounts.PrincipalOf(session.Account))
            : SignIn.Refused;
}
