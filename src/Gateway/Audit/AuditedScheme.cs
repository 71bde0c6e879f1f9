using Lockstep.Gateway.Accounts;

namespace Lockstep.Gateway.Audit;

/// <summary>A scheme whose sign-ins are noted: those that were just verified, not those that are remembered from earlier requests, and all that were refused.</summary>
public sealed class AuditedScheme(IAuthenticationScheme scheme, AuditTrail trail) : IAuthenticationScheme
{
    public string Name => scheme.Name;

    public ValueTask<SignIn> SignInAsync(SignInRequest request, CancellationToken cancellationToken)
    {
        var signingIn = scheme.SignInAsync(request, cancellationToken);
        if (!trail.IsOn)
        {
            return signingIn;
        }

        return signingIn.IsCompletedSuccessfully ? new ValueTask<SignIn>(Noted(signingIn.Result, request)) : NotedAsync(signingIn, request);
    }

    private async ValueTask<SignIn> NotedAsync(ValueTask<SignIn> signingIn, SignInRequest request) => Noted(await signingIn, request);

    private SignIn Noted(SignIn signIn, SignInRequest request)
    {
        var what = signIn switch
        {
            { Status: SignInStatus.Succeeded, WasVerified: true } => AuditEvents.SignedIn,
            { Status: SignInStatus.Refused } => AuditEvents.WrongPassword,
            { Status: SignInStatus.Throttled } => AuditEvents.TooManyFailures,
            _ => null,
        };
        if (what is not null)
        {
            // The name that was tried, of which nobody has shown that it is theirs.
            var user = signIn.Principal?.Id ?? (PasswordSignIn.Read(request.Authorization ?? "") is var (name, _) ? $"account:{name}" : null);
            trail.Write(what, new AuditSource(request.Method, request.Target.Split('?')[0], request.Address, user));
        }

        return signIn;
    }
}
