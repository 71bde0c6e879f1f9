using Lockstep.Core.Accounts;
using Lockstep.Core.Assignments;
using Lockstep.Core.Logins;
using Lockstep.Core.Time;
using Lockstep.Gateway.Accounts;
using Lockstep.Gateway.Http;
using Lockstep.Gateway.Pipeline;
using Lockstep.Gateway.Sync11.Captcha;

namespace Lockstep.Gateway.Sync11.Users;

/// <summary>Handlers for users: whether they exist, making and deleting them, the URL of their storage, and their address.</summary>
internal sealed class AccountHandlers(
    ILoginStore logins,
    IAccountStore accounts,
    AccountDirectory directory,
    UserScheme scheme,
    Admittance admittance,
    Attempts attempts,
    ICaptcha captcha,
    AuditLog audit,
    HttpOptions http,
    Sync11Options options,
    TimeProvider time)
{
    /// <summary><c>1</c> for a name that is taken, <c>0</c> for a free one. By this answer, clients also recognize a Sync server.</summary>
    public async ValueTask<Answer> ExistsAsync(UserRequest request, CancellationToken cancellationToken) =>
        (await attempts.LookUpAsync(request.Address, async () => WeaveAnswers.Text(200, await IsTakenAsync(request.Name, cancellationToken) ? "1" : "0")))!;

    public async ValueTask<Answer> CreateAsync(UserRequest request, CancellationToken cancellationToken)
    {
        // :: Step 1: whether they may make an account. Those who may not are not told which names are taken.
        var secret = request.Header("X-Weave-Secret");
        var (invitation, refusal) = await admittance.AdmitAsync(secret, request.Name, request.Address, cancellationToken);
        if (refusal is not null)
        {
            return refusal;
        }

        // :: Step 2: whether the name is taken.
        if (await RefuseTakenAsync(request, request.Name, cancellationToken) is { } taken)
        {
            return taken;
        }

        // :: Step 3: read the user's data.
        var (user, code) = NewUser.Read(request.Text, request.Name, options.StrictUsernames);
        if (user is null)
        {
            return WeaveAnswers.Error(code);
        }

        var account = UserName.AccountName(request.Name, user.Email);
        if (account != request.Name && await RefuseTakenAsync(request, account, cancellationToken) is { } known)
        {
            return known;
        }

        // :: Step 4: make the account. Without a secret or an invitation, only so many may be made a day, and each needs a captcha if captchas are on.
        return options.Registration == Sync11Registration.Open && !admittance.IsTrusted(secret)
            ? (await attempts.RegisterAsync(
                request.Address,
                options.Captcha.Enabled ? () => RefuseCaptchaAsync(request, user) : null,
                () => MakeAsync(request, user, account, invitation: null, cancellationToken)))!
            : await MakeAsync(request, user, account, invitation, cancellationToken);
    }

    /// <summary>Deletes the account with everything that belongs to it.</summary>
    public async ValueTask<Answer> DeleteAsync(UserRequest request, CancellationToken cancellationToken) =>
        await DeleteAsync(request.Own!, request.Address, cancellationToken) ? WeaveAnswers.Text(200, "0") : WeaveAnswers.Unauthorized();

    /// <summary>The same for a user who has signed in in another way.</summary>
    /// <param name="user">The user who has signed in.</param>
    /// <param name="address">Where the request comes from.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>False if the user is gone or has another password by now.</returns>
    public async ValueTask<bool> DeleteAsync(Principal user, string address, CancellationToken cancellationToken)
    {
        if (await scheme.FindOwnAsync(user, cancellationToken) is not { } login)
        {
            return false;
        }

        scheme.Forget(login.Name);
        if (!await directory.DeleteAsync(login.Account, cancellationToken))
        {
            return false;
        }

        scheme.Forget(login.Name);
        audit.Done(login.Account.Number, "deleted", address);
        return true;
    }

    /// <summary>The URL below which <c>1.1/{username}</c> is, exactly as clients see it. Requests with the user's password are not counted.</summary>
    public async ValueTask<Answer> NodeAsync(UserRequest request, CancellationToken cancellationToken)
    {
        var node = WeaveAnswers.Text(200, PublicUrls.Base(request.Http, http) + "/");
        return request.Own is not null
            ? node
            : (await attempts.LookUpAsync(request.Address, async () => await logins.FindAsync(request.Name, cancellationToken) is null ? WeaveAnswers.NotFound : node))!;
    }

    /// <summary>Changes the address for mails. The name stays, although it was derived from the old address.</summary>
    public async ValueTask<Answer> ChangeAddressAsync(UserRequest request, CancellationToken cancellationToken)
    {
        var email = request.Text;
        if (!NewUser.IsEmail(email))
        {
            return WeaveAnswers.Error(WeaveCode.NoAddress);
        }

        // Mailed codes went to the old address, so they end.
        if (await scheme.FindOwnAsync(request.Own!, cancellationToken) is not { } login
            || await logins.ChangeAsync(login, MailedCode.Keep(login, []) with { Email = email }, cancellationToken) is null)
        {
            return WeaveAnswers.Unauthorized();
        }

        audit.Done(login.Account.Number, "has another address", request.Address);
        return WeaveAnswers.Text(200, email);
    }

    private async ValueTask<Answer> MakeAsync(UserRequest request, NewUser user, string account, Invitation? invitation, CancellationToken cancellationToken)
    {
        if (await directory.HashAsync(request.Who, user.Password, cancellationToken) is not { } hash)
        {
            return WeaveAnswers.Unavailable;
        }

        var now = ServerTimestamp.Now(time);
        var login = new AccountLogin(new Account(0, account, PasswordHash.None, now, IsBeingDeleted: false), request.Name, hash) { Email = user.Email, QuotaBytes = invitation?.QuotaBytes };
        if (await logins.AddAsync(login, invitation?.Digest, now, cancellationToken) is not { } made)
        {
            // Somebody else took the name or the invitation first.
            return invitation is null || await IsTakenAsync(request.Name, cancellationToken) || await IsTakenAsync(account, cancellationToken)
                ? WeaveAnswers.Error(WeaveCode.CannotOverwrite)
                : WeaveAnswers.NotOffered;
        }

        audit.Done(made.Account.Number, "made", request.Address);
        return WeaveAnswers.Text(200, request.Name);
    }

    /// <summary>Wrong captchas count as wrong passwords, right ones with the registration.</summary>
    private ValueTask<Answer?> RefuseCaptchaAsync(UserRequest request, NewUser user) =>
        attempts.TryAsync("sync11 captcha", request.Address, async () => await captcha.TakeAsync(user.CaptchaChallenge ?? "", user.CaptchaResponse ?? "")
            ? (SignInVerdict.Undecided, null)
            : (SignInVerdict.Wrong, WeaveAnswers.Error(WeaveCode.BadCaptcha)));

    private async ValueTask<bool> IsTakenAsync(string name, CancellationToken cancellationToken) =>
        await logins.FindAsync(name, cancellationToken) is not null || await accounts.FindAsync(name, cancellationToken) is not null;

    /// <summary>Those who ask too often for names that are taken are no longer told.</summary>
    private ValueTask<Answer?> RefuseTakenAsync(UserRequest request, string name, CancellationToken cancellationToken) =>
        attempts.TryAsync("", request.Address, async () => await IsTakenAsync(name, cancellationToken)
            ? (SignInVerdict.Wrong, WeaveAnswers.Error(WeaveCode.CannotOverwrite))
            : (SignInVerdict.Undecided, null));
}
