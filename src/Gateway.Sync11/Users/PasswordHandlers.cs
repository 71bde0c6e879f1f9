using System.Security.Cryptography;
using System.Text;
using Lockstep.Core.Accounts;
using Lockstep.Core.Logins;
using Lockstep.Core.Time;
using Lockstep.Gateway.Accounts;
using Lockstep.Gateway.Http;
using Lockstep.Gateway.Pipeline;

namespace Lockstep.Gateway.Sync11.Users;

/// <summary>
/// New passwords, in place of the one before or of one that is forgotten. What is stored is encrypted under a key that does not follow from the password: nothing
/// of it is lost.
/// </summary>
internal sealed class PasswordHandlers(
    ILoginStore logins, AccountDirectory directory, UserScheme scheme, Attempts attempts, AuditLog audit, HttpOptions http, TimeProvider time, IAccountMail? mail = null)
{
    private const string Weak = "Password should be at least 8 characters and not the same as your username";
    private const string Done = "success";
    private const string CodeLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    private const int CodeGroups = 4;
    private const int GroupLength = 4;
    private const int MaxCodes = 3;
    private static readonly TimeSpan CodeLifetime = TimeSpan.FromHours(6);

    /// <summary>Sets a new password, which is the body, with the one before or with a code that was mailed.</summary>
    public async ValueTask<Answer> ChangeAsync(UserRequest request, CancellationToken cancellationToken)
    {
        if (request.Header("X-Weave-Password-Reset") is { } code)
        {
            return await ResetAsync(request, code, cancellationToken);
        }

        if (request.Own is not { } user)
        {
            return WeaveAnswers.Unauthorized(asks: !request.HasCredentials);
        }

        return await scheme.FindOwnAsync(user, cancellationToken) is { } login
            ? await SetAsync(request, login, cancellationToken)
            : WeaveAnswers.Unauthorized();
    }

    /// <summary>Mails a code to the user's address. It ends none before it but the third last, so that a stranger who asks for some does not end the user's own.</summary>
    public async ValueTask<Answer> MailCodeAsync(UserRequest request, CancellationToken cancellationToken)
    {
        if (mail is not { IsOn: true })
        {
            return WeaveAnswers.NotOffered;
        }

        return (await attempts.LookUpAsync(request.Address, async () =>
        {
            if (await logins.FindAsync(request.Name, cancellationToken) is not { } login)
            {
                return WeaveAnswers.Error(WeaveCode.UnknownUser);
            }

            if (login.Email.Length == 0)
            {
                return WeaveAnswers.Error(WeaveCode.NoAddress);
            }

            return await attempts.MailAsync(login.Name, request.Address, async () => await MailCodeAsync(login, cancellationToken));
        }))!;
    }

    /// <summary>Ends a code that was mailed.</summary>
    public async ValueTask<Answer> ForgetCodeAsync(UserRequest request, CancellationToken cancellationToken) =>
        await scheme.FindOwnAsync(request.Own!, cancellationToken) is { } login
        && (login.ResetDigest is null || await logins.ChangeAsync(login, login with { ResetDigest = null, ResetExpires = ServerTimestamp.Zero }, cancellationToken) is not null)
            ? WeaveAnswers.Text(200, Done)
            : WeaveAnswers.Unauthorized();

    private async ValueTask<Answer> MailCodeAsync(AccountLogin login, CancellationToken cancellationToken)
    {
        var code = string.Join('-', Enumerable.Range(0, CodeGroups).Select(static _ => RandomNumberGenerator.GetString(CodeLetters, GroupLength)));
        var before = IsCodeOut(login) ? login.ResetDigest!.Split(' ').Take(MaxCodes - 1) : [];
        var next = login with { ResetDigest = string.Join(' ', before.Prepend(AppPassword.DigestOf(code))), ResetExpires = ServerTimestamp.Now(time).Plus((long)CodeLifetime.TotalMilliseconds) };
        if (await logins.ChangeAsync(login, next, cancellationToken) is null)
        {
            return WeaveAnswers.Unavailable;
        }

        // Never the host of the request, which anybody can choose.
        mail!.TrySend(
            login.Email,
            "Resetting your Sync password",
            $"""
            Somebody, hopefully you, asked to reset the password of the user {login.Name} of Sync at {http.PublicUrl?.TrimEnd('/') ?? "this server"}.

            The code for it is: {code}

            It is good for six hours at least, once. If it was not you, do nothing.
            """);
        return WeaveAnswers.Text(200, Done);
    }

    private async ValueTask<Answer> ResetAsync(UserRequest request, string code, CancellationToken cancellationToken)
    {
        AccountLogin? login = null;
        var refused = await attempts.TryAsync("sync11 codes", request.Address, async () =>
        {
            login = await logins.FindAsync(request.Name, cancellationToken);
            return login is null ? (SignInVerdict.Wrong, WeaveAnswers.NotFound)
                : IsCodeOf(login, code) ? (SignInVerdict.Undecided, null)
                : (SignInVerdict.Wrong, WeaveAnswers.Error(WeaveCode.BadResetCode));
        });
        return refused ?? await SetAsync(request, login!, cancellationToken);
    }

    private bool IsCodeOut(AccountLogin login) => login.ResetDigest is { Length: > 0 } && login.ResetExpires > ServerTimestamp.Now(time);

    private bool IsCodeOf(AccountLogin login, string code)
    {
        var given = Encoding.ASCII.GetBytes(AppPassword.DigestOf(code));
        return IsCodeOut(login) && login.ResetDigest!.Split(' ').Any(digest => CryptographicOperations.FixedTimeEquals(Encoding.ASCII.GetBytes(digest), given));
    }

    private async ValueTask<Answer> SetAsync(UserRequest request, AccountLogin login, CancellationToken cancellationToken)
    {
        var password = request.Text;
        if (NewUser.IsWeak(password, login.Name))
        {
            return WeaveAnswers.Text(400, Weak);
        }

        if (await directory.HashAsync(request.Who, password, cancellationToken) is not { } hash)
        {
            return WeaveAnswers.Unavailable;
        }

        var changed = await logins.ChangeAsync(login, login with { PasswordHash = hash, ResetDigest = null, ResetExpires = ServerTimestamp.Zero }, cancellationToken);
        scheme.Forget(login.Name);
        if (changed is null)
        {
            return WeaveAnswers.Unauthorized();
        }

        audit.Done(login.Account.Number, "has another password", request.Address);
        return WeaveAnswers.Text(200, Done);
    }
}
