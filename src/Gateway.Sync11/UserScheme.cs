using System.Globalization;
using System.Net;
using System.Text;
using Lockstep.Core.Accounts;
using Lockstep.Core.Logins;
using Lockstep.Gateway.Accounts;
using Lockstep.Gateway.Audit;
using Lockstep.Gateway.Http;
using Lockstep.Gateway.Routing;

namespace Lockstep.Gateway.Sync11;

/// <summary>Name and password of a user (RFC 7617). The name must equal the one in the path; otherwise nothing is looked up or hashed.</summary>
internal sealed class UserScheme : IAuthenticationScheme, IPasswordSource
{
    private readonly ILoginStore logins;
    private readonly PasswordSignIn passwords;
    private readonly AuditTrail audit;

    public UserScheme(ILoginStore logins, AccountDirectory accounts, AuditTrail audit)
    {
        this.logins = logins;
        this.audit = audit;
        passwords = accounts.SignInFor(this);
    }

    public string Name => "Basic";

    public ValueTask<SignIn> SignInAsync(SignInRequest request, CancellationToken cancellationToken) =>
        PasswordSignIn.Read(request.Authorization!) is not var (name, _) || !IsIn(request.Target, name) ? ValueTask.FromResult(SignIn.Refused)
        : audit.IsOn ? AuditedAsync(request, name, cancellationToken)
        : passwords.SignInAsync(request, cancellationToken);

    /// <summary>The same for a name and password that a user typed into a page.</summary>
    public ValueTask<SignIn> SignInAsync(string name, string password, IPAddress? address, CancellationToken cancellationToken) => UserName.IsValid(name)
        ? passwords.SignInAsync(new SignInRequest($"{Name} {Convert.ToBase64String(Encoding.UTF8.GetBytes($"{name}:{password}"))}", address), cancellationToken)
        : ValueTask.FromResult(SignIn.Refused);

    /// <summary>No account has a blank in its name.</summary>
    string IPasswordSource.Counted(string name) => UserName.IsValid(name) ? "sync11 " + name : "";

    async ValueTask<(Account Account, Principal Principal)?> IPasswordSource.FindAsync(string name) =>
        UserName.IsValid(name) && await logins.FindAsync(name, CancellationToken.None) is { Account.IsDisabled: false } login ? (AccountOf(login), PrincipalOf(login)) : null;

    /// <summary>The current state of the login that a user signed in with.</summary>
    /// <returns>Null if it is gone, its account is disabled, it belongs to another account, or its password is no longer the one that was verified.</returns>
    public async ValueTask<AccountLogin?> FindOwnAsync(Principal principal, CancellationToken cancellationToken)
    {
        var login = await logins.FindAsync(principal.Account, cancellationToken) is { Account.IsDisabled: false } found ? found : null;
        return passwords.IsStill(principal, login is null ? null : AccountOf(login)) ? login : null;
    }

    /// <summary>Forgets sign-ins by a name.</summary>
    public void Forget(string name) => passwords.Invalidate(name);

    /// <summary>The account, with the login's hash in place of its own.</summary>
    private static Account AccountOf(AccountLogin login) => login.Account with { PasswordHash = login.PasswordHash };

    private async ValueTask<SignIn> AuditedAsync(SignInRequest request, string name, CancellationToken cancellationToken)
    {
        var signIn = await passwords.SignInAsync(request, cancellationToken);
        if (signIn.Status is SignInStatus.Refused or SignInStatus.Throttled)
        {
            audit.Write(AuditEvents.WrongPassword, new AuditSource(request.Method, request.Target.Split('?')[0], request.Address, name));
        }

        return signIn;
    }

    private static Principal PrincipalOf(AccountLogin login)
    {
        var number = login.Account.Number.ToString(CultureInfo.InvariantCulture);
        return new Principal("sync11:" + number, login.Name, number) { Ref = login.Account.Ref, QuotaBytes = login.QuotaBytes };
    }

    /// <summary>Whether a path has a segment of that name. The protocol checks which one it is.</summary>
    private static bool IsIn(string target, string name)
    {
        var end = target.IndexOf('?', StringComparison.Ordinal);
        var path = RequestPath.Parse(end < 0 ? target : target[..end]);
        for (var i = 0; i < path.Count; i++)
        {
            if (string.Equals(path[i], name, StringComparison.Ordinal))
            {
                return true;
            }
        }

        return false;
    }
}
