using System.Security.Cryptography;
using Lockstep.Core.Accounts;
using Lockstep.Core.Logins;
using Lockstep.Core.Time;
using Lockstep.Gateway.Accounts;
using Lockstep.Gateway.Http;
using Lockstep.Gateway.Pipeline;

namespace Lockstep.Gateway.Sync11.Users;

/// <summary>
/// New passwords, and mailed codes for users who have forgotten theirs; the same for the user API and the pages. Stored data is encrypted under a key that is not
/// derived from the password, so none of it is lost.
/// </summary>
internal sealed class PasswordResets(
    ILoginStore logins, AccountDirectory directory, UserScheme scheme, Attempts attempts, AuditLog audit, HttpOptions http, TimeProvider time, IAccountMail? mail = null)
{
    private const string CodeLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    private const int CodeGroups = 4;
    private const int GroupLength = 4;
    private const int MaxCodes = 3;
    private static readonly TimeSpan CodeLifetime = TimeSpan.FromHours(6);
    private static readonly TimeSpan BetweenCodes = TimeSpan.FromMinutes(10);

    /// <summary>
    /// Mails a code to the user's address. Within 10 minutes no other one is mailed, and the first one is valid. A user has at most three codes: a new one ends only
    /// the oldest of three. So a stranger who asks for a code does not end the user's own.
    /// </summary>
    /// <param name="names">Names of the user; several if it is not known how the name was derived. The first that exists counts.</param>
    /// <param name="address">Where the request comes from.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>The result, or the answer if there were too many requests.</returns>
    public async ValueTask<(ResetResult Result, Answer? Refusal)> MailCodeAsync(IReadOnlyList<string> names, string address, CancellationToken cancellationToken)
    {
        if (mail is not { IsOn: true })
        {
            return (ResetResult.NotOffered, null);
        }

        var result = ResetResult.Done;
        var refusal = await attempts.LookUpAsync(address, async () =>
        {
            if (await FindAsync(names, cancellationToken) is not { } login)
            {
                result = ResetResult.UnknownUser;
                return null;
            }

            if (login.Email.Length == 0)
            {
                result = ResetResult.NoAddress;
                return null;
            }

            return await attempts.MailAsync(login.Name, address, async () =>
            {
                result = await MailCodeAsync(login, cancellationToken) ? ResetResult.Done : ResetResult.Unavailable;
                return null;
            });
        });
        return (result, refusal);
    }

    /// <summary>Sets a new password with a mailed code. Wrong codes count.</summary>
    /// <param name="names">Names of the user, as for <see cref="MailCodeAsync(IReadOnlyList{string}, string, CancellationToken)"/>.</param>
    /// <param name="code">The code.</param>
    /// <param name="password">The new password.</param>
    /// <param name="address">Where the request comes from.</param>
    /// <param name="who">The key under which the password waits for its turn.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>The result, or the answer if there were too many wrong codes.</returns>
    public async ValueTask<(ResetResult Result, Answer? Refusal)> UseCodeAsync(
        IReadOnlyList<string> names, string code, string password, string address, string who, CancellationToken cancellationToken)
    {
        AccountLogin? login = null;
        var result = ResetResult.Done;
        var refusal = await attempts.TryAsync("sync11 codes", address, async () =>
        {
            login = await FindAsync(names, cancellationToken);
            result = login is null ? ResetResult.UnknownUser
                : MailedCode.Of(login, ServerTimestamp.Now(time)).Any(mailed => mailed.Is(code)) ? ResetResult.Done
                : ResetResult.WrongCode;
            return (result is ResetResult.Done ? SignInVerdict.Undecided : SignInVerdict.Wrong, null);
        });
        return refusal is null && result is ResetResult.Done ? (await SetAsync(login!, password, address, who, cancellationToken), null) : (result, refusal);
    }

    /// <summary>Sets a new password of a login as it was read.</summary>
    public async ValueTask<ResetResult> SetAsync(AccountLogin login, string password, string address, string who, CancellationToken cancellationToken)
    {
        if (NewUser.IsWeak(password, login.Name))
        {
            return ResetResult.WeakPassword;
        }

        if (await directory.HashAsync(who, password, cancellationToken) is not { } hash)
        {
            return ResetResult.Unavailable;
        }

        var changed = await logins.ChangeAsync(login, MailedCode.Keep(login, []) with { PasswordHash = hash }, cancellationToken);
        scheme.Forget(login.Name);
        if (changed is null)
        {
            return ResetResult.Changed;
        }

        audit.Done(login.Account.Number, "has another password", address);
        return ResetResult.Done;
    }

    private async ValueTask<AccountLogin?> FindAsync(IReadOnlyList<string> names, CancellationToken cancellationToken)
    {
        foreach (var name in names)
        {
            if (await logins.FindAsync(name, cancellationToken) is { Account.IsDisabled: false } login)
            {
                return login;
            }
        }

        return null;
    }

    private async ValueTask<bool> MailCodeAsync(AccountLogin login, CancellationToken cancellationToken)
    {
        var now = ServerTimestamp.Now(time);
        var codes = MailedCode.Of(login, now);
        if (codes.Count > 0 && codes[0].Expires > now.Plus((long)(CodeLifetime - BetweenCodes).TotalMilliseconds))
        {
            return true;
        }

        var code = string.Join('-', Enumerable.Range(0, CodeGroups).Select(static _ => RandomNumberGenerator.GetString(CodeLetters, GroupLength)));
        var mailed = new MailedCode(AppPassword.DigestOf(code), now.Plus((long)CodeLifetime.TotalMilliseconds));
        if (await logins.ChangeAsync(login, MailedCode.Keep(login, [mailed, .. codes.Take(MaxCodes - 1)]), cancellationToken) is null)
        {
            return false;
        }

        // Never uses the host of the request, which anybody can choose. Without a public URL there is no link. After a number sign, the code appears in no log on the way.
        var url = http.PublicUrl?.TrimEnd('/');
        mail!.TrySend(
            login.Email,
            "Resetting your Sync password",
            $"""
            Somebody, hopefully you, asked to reset the password of the user {login.Name} of Sync at {url ?? "this server"}.
            {(url is null ? "" : $"\nTo set a new one, open {url}/weave-password-reset#username={login.Name}&key={code}\n")}
            The code for it is: {code}

            It is good for six hours, once. If it was not you, do nothing.
            """);
        return true;
    }
}
