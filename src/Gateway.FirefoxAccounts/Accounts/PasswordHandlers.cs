using System.Security.Cryptography;
using System.Text;
using Lockstep.Core.Accounts;
using Lockstep.Core.Assignments;
using Lockstep.Core.KeyedAccounts;
using Lockstep.Core.Time;
using Lockstep.Gateway.Audit;
using Lockstep.Gateway.FirefoxAccounts.Mail;
using Lockstep.Gateway.FirefoxAccounts.Secrets;
using Lockstep.Gateway.FirefoxAccounts.Sessions;
using Lockstep.Gateway.Pipeline;

namespace Lockstep.Gateway.FirefoxAccounts.Accounts;

/// <summary>
/// Changes a password, replaces a forgotten one, and manages the recovery key. Setting a password ends all earlier sessions, refresh tokens and codes in the
/// same transaction, and raises the generation that TokenServer compares.
/// </summary>
internal sealed class PasswordHandlers(
    IKeyedAccountStore store, PasswordChecks passwords, AccountHandlers accounts, SessionTokens tokens, SecondFactor factor, MailedCodes codes, Mailer mailer, AuditLog audit,
    FirefoxAccountOptions options, TimeProvider time)
{
    private const int RecoveryIdBytes = 16;
    private const int MaxRecoveryData = 4096;
    private const int MaxCodeLength = 128;

    private static readonly AccountTokenKind[] OfSessions =
    [
        AccountTokenKind.Session, AccountTokenKind.KeyFetch, AccountTokenKind.PasswordChange, AccountTokenKind.Reset, AccountTokenKind.VerifyCode, AccountTokenKind.ResetCode,
        AccountTokenKind.ResetLink, AccountTokenKind.Code, AccountTokenKind.Refresh, AccountTokenKind.Access, AccountTokenKind.Export,
    ];

    public async ValueTask<Answer> StartChangeAsync(AccountRequest request, CancellationToken cancellationToken)
    {
        var (account, password, error) = await accounts.VerifyOwnAsync(request, request.Fields.Email(), "oldAuthPW", cancellationToken);
        if (error is not null)
        {
            return AccountAnswers.Of(error);
        }

        var keyFetch = tokens.KeyFetch(account!, password!, request.Token.Digest);
        var change = tokens.Make(AccountTokenKind.PasswordChange, account!.Account.Number, SessionTokens.ChangeLifetime, request.Token.Digest, "");
        return !await store.AddTokensAsync(account, [keyFetch.Token, change.Token], inPlaceOf: null, cancellationToken) ? AccountAnswers.Of(AccountError.WrongPassword) : AccountAnswers.Object(writer =>
        {
            writer.WriteString("uid", account.Uid);
            writer.WriteString("keyFetchToken", keyFetch.Secret.Text);
            writer.WriteString("passwordChangeToken", change.Secret.Text);
            writer.WriteBoolean("verified", true);
        });
    }

    public async ValueTask<Answer> FinishChangeAsync(AccountRequest request, CancellationToken cancellationToken)
    {
        var fields = request.Fields;
        var authPw = fields.Hex("authPW", TokenSecret.Bytes);
        var wrapped = fields.Hex("wrapKb", TokenSecret.Bytes);
        var salt = accounts.ReadSalt(fields);
        return fields.Error is { } error
            ? AccountAnswers.Of(error)
            : await SetAsync(request, authPw, wrapped, salt, OfSessions, change: static account => account, AuditEvents.PasswordChanged, cancellationToken);
    }

    /// <summary>Answers the same whether the account exists or not.</summary>
    public async ValueTask<Answer> SendOtpAsync(AccountRequest request, CancellationToken cancellationToken)
    {
        var email = request.Fields.Email();
        if (request.Fields.Error is not null || !options.Smtp.IsOn)
        {
            return AccountAnswers.Of(request.Fields.Error ?? AccountError.NoMail);
        }

        return await passwords.TryAsync("", $"forgot {request.Address}", () =>
        {
            // The lookup runs after the answer: neither the answer nor its time tells whether the account exists.
            codes.SendReset(AccountName.Of(email), request.Address);
            return Task.FromResult<(SignInVerdict, AccountError?)>((SignInVerdict.Wrong, null));
        }) is { } error ? AccountAnswers.Of(error) : AccountAnswers.Empty;
    }

    public async ValueTask<Answer> VerifyOtpAsync(AccountRequest request, CancellationToken cancellationToken)
    {
        var email = request.Fields.Email();
        var code = request.Fields.Text("code", MaxCodeLength);
        return await ProveAsync(
            request, AccountName.Of(email), AccountError.WrongCode,
            async account => await codes.TakeAsync(account, AccountTokenKind.ResetCode, request.Address, code, cancellationToken) ? new ResetData(KeepsData: false, SkipsSecondFactor: false) : null,
            cancellationToken,
            async () => await codes.TakeNothingAsync(cancellationToken));
    }

    /// <summary>Not counted: nobody guesses 256 bits, and others' guesses at shorter codes must not delay somebody who has the link.</summary>
    public async ValueTask<Answer> UseLinkAsync(AccountRequest request, CancellationToken cancellationToken)
    {
        var link = request.Fields.Text("token", MaxCodeLength);
        if (request.Fields.Error is { } error)
        {
            return AccountAnswers.Of(error);
        }

        return await store.FindTokenAsync(TokenSecret.DigestOf(link), ServerTimestamp.Now(time), cancellationToken) is { Token.Kind: AccountTokenKind.ResetLink } found
            && await store.RemoveTokenAsync(found.Account.Account.Number, found.Token.Digest, cancellationToken)
                ? await GiveResetAsync(request, found.Account, ResetData.Read(found.Token.Data), AccountError.WrongCode, cancellationToken)
                : AccountAnswers.Of(AccountError.WrongCode);
    }

    public async ValueTask<Answer> UseRecoveryKeyAsync(AccountRequest request, CancellationToken cancellationToken)
    {
        var email = request.Fields.Email();
        var id = request.Fields.Hex("recoveryKeyId", RecoveryIdBytes);
        var (totp, recovery) = (request.Fields.Optional("totpCode", MaxCodeLength), request.Fields.Optional("recoveryCode", MaxCodeLength));
        var digest = Encoding.ASCII.GetBytes(DigestOf(id));
        return await ProveAsync(
            request, AccountName.Of(email), AccountError.WrongRecoveryKey,
            account => new(account.RecoveryKey is { } stored && CryptographicOperations.FixedTimeEquals(Encoding.ASCII.GetBytes(stored), digest)
                ? new ResetData(KeepsData: true, SkipsSecondFactor: false)
                : null),
            cancellationToken,
            factor: account => ShowAsync(account, totp, recovery, cancellationToken));
    }

    public async ValueTask<Answer> ResetAsync(AccountRequest request, CancellationToken cancellationToken)
    {
        // :: Step 1: the proof decides which values are needed.
        var fields = request.Fields;
        var authPw = fields.Hex("authPW", TokenSecret.Bytes);
        var salt = accounts.ReadSalt(fields);
        var totp = fields.Optional("totpCode", MaxCodeLength);
        var recovery = fields.Optional("recoveryCode", MaxCodeLength);
        var reset = ResetData.Read(request.Token.Data);
        if (!reset.KeepsData && fields.Has("wrapKb"))
        {
            fields.Fail("wrapKb", 0);
        }

        var wrapped = reset.KeepsData ? fields.Hex("wrapKb", TokenSecret.Bytes) : RandomNumberGenerator.GetBytes(TokenSecret.Bytes);
        if (fields.Error is { } error)
        {
            return AccountAnswers.Of(error);
        }

        // :: Step 2: the second factor.
        if (request.Account.IsTotpOn && !reset.SkipsSecondFactor && !reset.IsFactorShown)
        {
            (var shown, error) = await ShowAsync(request.Account, totp, recovery, cancellationToken);
            if (shown is null)
            {
                return AccountAnswers.Of(error!);
            }

            request = request with { Found = new FoundToken(request.Token, shown) };
        }

        // :: Step 3: the password, and a new key unless the old one is known.
        return await SetAsync(
            request, authPw, wrapped, salt, [.. OfSessions, AccountTokenKind.AppPassword],
            account => account with
            {
                KeysChangedAt = reset.KeepsData ? account.KeysChangedAt : account.Generation,
                RecoveryKey = null,
                RecoveryData = null,
                RecoverySince = 0,

                // A mailed code shows that the address is theirs.
                IsEmailVerified = true,
                TotpSecret = reset.SkipsSecondFactor ? null : account.TotpSecret,
                IsTotpOn = !reset.SkipsSecondFactor && account.IsTotpOn,
            },
            reset.KeepsData ? AuditEvents.PasswordRecovered : AuditEvents.PasswordReset,
            cancellationToken);
    }

    public async ValueTask<Answer> PutRecoveryKeyAsync(AccountRequest request, CancellationToken cancellationToken)
    {
        var id = request.Fields.Hex("recoveryKeyId", RecoveryIdBytes);
        var data = request.Fields.Text("recoveryData", MaxRecoveryData);
        var (account, _, error) = await accounts.VerifyOwnAsync(request, request.Account.Email, "authPW", cancellationToken);
        if (error is not null)
        {
            return AccountAnswers.Of(error);
        }

        var next = account! with { RecoveryKey = DigestOf(id), RecoveryData = data, RecoverySince = ServerTimestamp.Now(time).Milliseconds };
        if (await store.ChangeAsync(account!, next, AccountSweep.None, cancellationToken) is null)
        {
            return AccountAnswers.Of(AccountError.NotNow);
        }

        audit.Done(account!.Uid, AuditEvents.RecoveryKeyMade, request);
        return AccountAnswers.Empty;
    }

    public static ValueTask<Answer> HasRecoveryKeyAsync(AccountRequest request, CancellationToken cancellationToken) => new(AccountAnswers.Object(writer =>
    {
        writer.WriteBoolean("exists", request.Account.RecoveryKey is not null);
        if (request.Account.RecoveryKey is not null)
        {
            writer.WriteNumber("createdAt", request.Account.RecoverySince);
        }
    }));

    public async ValueTask<Answer> RemoveRecoveryKeyAsync(AccountRequest request, CancellationToken cancellationToken)
    {
        var (account, _, error) = await accounts.VerifyOwnAsync(request, request.Account.Email, "authPW", cancellationToken);
        if (error is not null || account!.RecoveryKey is null)
        {
            return AccountAnswers.Of(error ?? AccountError.NoRecoveryKey);
        }

        if (await store.ChangeAsync(account, account with { RecoveryKey = null, RecoveryData = null, RecoverySince = 0 }, AccountSweep.None, cancellationToken) is null)
        {
            return AccountAnswers.Of(AccountError.NotNow);
        }

        audit.Done(account.Uid, AuditEvents.RecoveryKeyRemoved, request);
        return AccountAnswers.Empty;
    }

    private static string DigestOf(byte[] recoveryKeyId) => TokenSecret.DigestOf("recovery key " + Convert.ToHexStringLower(recoveryKeyId));

    /// <summary>Takes a code of the second factor, or a recovery code.</summary>
    private async ValueTask<(KeyedAccount? Account, AccountError? Error)> ShowAsync(KeyedAccount account, string? totp, string? recovery, CancellationToken cancellationToken) =>
        totp is not null ? await factor.TakeTotpAsync(account, totp, static account => account, AccountSweep.None, cancellationToken)
        : recovery is not null ? await factor.TakeRecoveryCodeAsync(account, recovery, static account => account, AccountSweep.None, cancellationToken)
        : (null, AccountError.TotpNeeded);

    /// <summary>Lets somebody who has proved something other than the password set a new one. A wrong proof and a missing account get the same answer, and both count.</summary>
    /// <param name="request">The request.</param>
    /// <param name="name">The name of the account.</param>
    /// <param name="wrong">The answer to a wrong proof.</param>
    /// <param name="take">Checks the proof; null if it is wrong.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <param name="pretend">Takes as long if the account does not exist.</param>
    /// <param name="factor">Checks the second factor now, if the answer contains something that it protects. Otherwise it is checked with the new password.</param>
    private async ValueTask<Answer> ProveAsync(
        AccountRequest request, string name, AccountError wrong, Func<KeyedAccount, ValueTask<ResetData?>> take, CancellationToken cancellationToken,
        Func<Task>? pretend = null, Func<KeyedAccount, ValueTask<(KeyedAccount? Account, AccountError? Error)>>? factor = null)
    {
        if (request.Fields.Error is { } error)
        {
            return AccountAnswers.Of(error);
        }

        KeyedAccount? account = null;
        ResetData? data = null;
        var refused = await passwords.GuessAsync("prove " + name, request.Address, async () =>
        {
            account = await store.FindAsync(name, cancellationToken) is { Account.IsDisabled: false } found ? found : null;
            if (account is null && pretend is not null)
            {
                await pretend();
            }

            data = account is null ? null : await take(account);
            return data is null ? (SignInVerdict.Wrong, wrong) : (SignInVerdict.Right, null);
        });
        if (refused is not null)
        {
            return AccountAnswers.Of(refused);
        }

        if (factor is not null && account!.IsTotpOn)
        {
            (var shown, error) = await factor(account);
            if (shown is null)
            {
                return AccountAnswers.Of(error!);
            }

            account = shown;
            data = data! with { IsFactorShown = true };
        }

        return await GiveResetAsync(request, account!, data!, wrong, cancellationToken);
    }

    /// <summary>Gives out the token that lets somebody set a new password.</summary>
    private async ValueTask<Answer> GiveResetAsync(AccountRequest request, KeyedAccount account, ResetData data, AccountError wrong, CancellationToken cancellationToken)
    {
        var reset = tokens.Make(AccountTokenKind.Reset, account.Account.Number, SessionTokens.ChangeLifetime, parent: null, data.Write());
        if (!await store.AddTokensAsync(account, [reset.Token], inPlaceOf: null, cancellationToken))
        {
            return AccountAnswers.Of(wrong);
        }

        audit.Done(account.Uid, AuditEvents.ResetBegun, request);
        return AccountAnswers.Object(writer =>
        {
            writer.WriteString("accountResetToken", reset.Secret.Text);
            writer.WriteString("uid", account.Uid);
            writer.WriteString("email", account.Email);
            writer.WriteBoolean("secondFactor", account.IsTotpOn && !data.SkipsSecondFactor && !data.IsFactorShown);
            writer.WriteBoolean("keepsData", data.KeepsData);
            if (data.KeepsData)
            {
                writer.WriteString("recoveryData", account.RecoveryData);
            }
        });
    }

    /// <summary>Sets the password of the account whose token the request came with. That token ends with the others.</summary>
    private async ValueTask<Answer> SetAsync(
        AccountRequest request, byte[] authPw, byte[] wrapped, string salt, IReadOnlyList<AccountTokenKind> ended, Func<KeyedAccount, KeyedAccount> change, AuditEvent what,
        CancellationToken cancellationToken)
    {
        var account = request.Account;
        if (await passwords.StretchAsync(authPw, account.Uid, cancellationToken) is not { } password)
        {
            return AccountAnswers.Of(AccountError.NotNow);
        }

        var now = ServerTimestamp.Now(time);
        var next = account with
        {
            Account = account.Account with { PasswordHash = password.Hash, Modified = now },
            ClientSalt = salt,
            WrappedKey = password.Wrap(account.Uid, wrapped),
            Generation = Math.Max(now.Milliseconds, account.Generation + 1),
        };
        next = change(next);
        var session = tokens.Session(account.Account.Number, isVerified: true, request.UserAgent, next.IsTotpOn);
        (TokenSecret Secret, AccountToken Token)? keyFetch = request.WantsKeys ? tokens.KeyFetch(account.Account.Number, account.Uid, wrapped, session.Token.Digest) : null;
        var sweep = new AccountSweep
        {
            Ended = ended,
            Stores = new UserIdentity(UserIdentity.Local, account.Uid),
            Added = keyFetch is { } fetch ? [session.Token, fetch.Token] : [session.Token],
        };
        if (await store.ChangeAsync(account, next, sweep, cancellationToken) is not { } changed)
        {
            return AccountAnswers.Of(AccountError.NoCredential);
        }

        audit.Done(account.Uid, what, request);
        mailer.TrySend(account.Email, MailText.PasswordChanged(request.Origin));
        return SessionTokens.Answer(changed, SessionData.Read(session.Token.Data), session.Secret, keyFetch?.Secret);
    }
}
