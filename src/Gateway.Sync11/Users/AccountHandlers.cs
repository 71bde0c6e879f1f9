using Lockstep.Core.Accounts;
using Lockstep.Core.Assignments;
using Lockstep.Core.Logins;
using Lockstep.Core.Time;
using Lockstep.Gateway.Accounts;
using Lockstep.Gateway.Http;
using Lockstep.Gateway.Pipeline;
using Lockstep.Gateway.Sync11.Captcha;

namespace Lockstep.Gateway.Sync11.Users;

/// <summary>Users: whether there is one, making and deleting one, where their storage lies, and their address.</summary>
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
    /// <summary><c>1</c> for a name that somebody has, <c>0</c> for one that is free. By this clients also find out that a server is one of Sync.</summary>
    public async ValueTask<Answer> ExistsAsync(UserRequest request, CancellationToken cancellationToken) =>
        (await attempts.LookUpAsync(request.Address, async () => WeaveAnswers.Text(200, await IsTakenAsync(request.Name, cancellationToken) ? "1" : "0")))!;

    public async ValueTask<Answer> CreateAsync(UserRequest request, CancellationToken cancellationToken)
    {
        // :: Step 1: whether they may. Who may not does not hear who is there.
        var secret = request.Header("X-Weave-Secret");
        var (invitation, refusal) = await admittance.AdmitAsync(secret, request.Name, request.Address, cancellationToken);
        if (refusal is not null)
        {
            return refusal;
        }

        // :: Step 2: whether somebody has the name.
        if (await RefuseTakenAsync(request, request.Name, cancellationToken) is { } taken)
        {
            return taken;
        }

        // :: Step 3: what is said of the user.
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

        // :: Step 4: the account; of whoever needs neither secret nor invitation so many a day, and once they have shown that they are a person.
        return options.Registration == Sync11Registration.Open && !admittance.IsTrusted(secret)
            ? (await attempts.RegisterAsync(
                request.Address,
                options.Captcha.Enabled ? () => RefuseCaptchaAsync(request, user) : null,
                () => MakeAsync(request, user, account, invitation: null, cancellationToken)))!
            : await MakeAsync(request, user, account, invitation, cancellationToken);
    }

    /// <summary>Deletes the account, and all that is its own.</summary>
    public async ValueTask<Answer> DeleteAsync(UserRequest request, CancellationToken cancellationToken) =>
        await DeleteAsync(request.Own!, request.Address, cancellationToken) ? WeaveAnswers.Text(200, "0") : WeaveAnswers.Unauthorized();

    /// <summary>The same for whoever has signed in in another way.</summary>
    /// <param name="user">Who has signed in.</param>
    /// <param name="address">Where the request comes from.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>False where the user is gone or has another password by now.</returns>
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

    /// <summary>The URL below which <c>1.1/{username}</c> is, exactly as clients see it. Who shows the user's password asks as often as they like.</summary>
    public async ValueTask<Answer> NodeAsync(UserRequest request, CancellationToken cancellationToken)
    {
        var node = WeaveAnswers.Text(200, PublicUrls.Base(request.Http, http) + "/");
        return request.Own is not null
            ? node
            : (await attempts.LookUpAsync(request.Address, async () => await logins.FindAsync(request.Name, cancellationToken) is null ? WeaveAnswers.NotFound : node))!;
    }

    /// <summary>Another address for mails. The name stays, though it was made of the address before.</summary>
    public async ValueTask<Answer> ChangeAddressAsync(UserRequest request, CancellationToken cancellationToken)
    {
        var email = request.Text;
        if (!NewUser.IsEmail(email))
        {
            return WeaveAnswers.Error(WeaveCode.NoAddress);
        }

        // A code that was mailed went to the address before.
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
            // Somebody else was first, with the name or with the invitation.
            return invitation is null || await IsTakenAsync(request.Name, cancellationToken) || await IsTakenAsync(account, cancellationToken)
                ? WeaveAnswers.Error(WeaveCode.CannotOverwrite)
                : WeaveAnswers.NotOffered;
        }

        audit.Done(made.Account.Number, "made", request.Address);
        return WeaveAnswers.Text(200, request.Name);
    }

    /// <summary>Wrong answers are counted as wrong passwords are; right ones with the registration.</summary>
    private ValueTask<Answer?> RefuseCaptchaAsync(UserRequest request, NewUser user) =>
        attempts.TryAsync("sync11 captcha", request.Address, async () => await captcha.TakeAsync(user.CaptchaChallenge ?? "", user.CaptchaResponse ?? "")
            ? (SignInVerdict.Undecided, null)
            : (SignInVerdict.Wrong, WeaveAnswers.Error(WeaveCode.BadCaptcha)));

    private async ValueTask<bool> IsTakenAsync(string name, CancellationToken cancellationToken) =>
        await logins.FindAsync(name, cancellationToken) is not null || await accounts.FindAsync(name, cancellationToken) is not null;

    /// <summary>Whoever asks too often for names that others have is not told any more.</summary>
    private ValueTask<Answer?> RefuseTakenAsync(UserRequest request, string name, CancellationToken cancellationToken) =>
        attempts.TryAsync("", request.Address, async () => await IsTakenAsync(name, cancellationToken)
            ? (SignInVerdict.Wrong, WeaveAnswers.Error(WeaveCode.CannotOverwrite))
            : (SignInVerdict.Undecided, null));
}
