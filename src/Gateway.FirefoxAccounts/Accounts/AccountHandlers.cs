using System.Security.Cryptography;
using System.Text.Json;
using Lockstep.Core.Accounts;
using Lockstep.Core.KeyedAccounts;
using Lockstep.Core.Time;
using Lockstep.Gateway.Accounts;
using Lockstep.Gateway.Audit;
using Lockstep.Gateway.FirefoxAccounts.Mail;
using Lockstep.Gateway.FirefoxAccounts.Secrets;
using Lockstep.Gateway.FirefoxAccounts.Sessions;
using Lockstep.Gateway.Pipeline;

namespace Lockstep.Gateway.FirefoxAccounts.Accounts;

/// <summary>Makes and deletes accounts, signs users in and out, and gives out their keys.</summary>
internal sealed class AccountHandlers(
    IKeyedAccountStore store,
    AccountDirectory directory,
    PasswordChecks passwords,
    SessionTokens tokens,
    RegistrationRules registration,
    Registrations registrations,
    MailedCodes codes,
    Mailer mailer,
    AccountKey key,
    AuditLog audit,
    FirefoxAccountOptions options,
    TimeProvider time)
{
    public const string SyncScope = "https://identity.mozilla.com/apps/oldsync";

    private const string SaltPrefix = "identity.mozilla.com/picl/v1/quickStretchV2:";
    private const int SaltBytes = 16;
    private const int UidBytes = 16;

    public ValueTask<Answer> RegistrationAsync(AccountRequest request, CancellationToken cancellationToken) => new(AccountAnswers.Object(writer =>
    {
        var context = request.Inner.Http;
        writer.WriteString("registration", registration.Mode(context));
        writer.WriteBoolean("mayRegister", registration.IsOpen(context));
        writer.WriteBoolean("invitations", registration.TakesInvitations);
        writer.WriteBoolean("mail", options.Smtp.IsOn);
        writer.WriteBoolean("oldStretch", options.OldStretch);
    }));

    /// <summary>An address without an account gets a salt too, the same one each time, so that the answer does not tell which addresses have accounts.</summary>
    public async ValueTask<Answer> CredentialStatusAsync(AccountRequest request, CancellationToken cancellationToken)
    {
        var email = request.Fields.Email();
        if (request.Fields.Error is { } error)
        {
            return AccountAnswers.Of(error);
        }

        var name = AccountName.Of(email);
        var decoy = SaltPrefix + Convert.ToHexStringLower(key.Mac("salt", name).AsSpan(0, SaltBytes));
        var salt = decoy;
        return await passwords.LookUpAsync(request.Address, async () => salt = (await store.FindAsync(name, cancellationToken))?.ClientSalt ?? decoy) is { } refused ? AccountAnswers.Of(refused) : AccountAnswers.Object(writer =>
        {
            writer.WriteString("currentVersion", salt.Length == 0 ? "v1" : "v2");
            writer.WriteBoolean("upgradeNeeded", false);
            if (salt.Length > 0)
            {
                writer.WriteString("clientSalt", salt);
            }
        });
    }

    public async ValueTask<Answer> CreateAsync(AccountRequest request, CancellationToken cancellationToken)
    {
        var fields = request.Fields;
        var email = fields.Email();
        var authPw = fields.Hex("authPW", TokenSecret.Bytes);
        var salt = ReadSalt(fields);
        var invitation = fields.Optional("invitation", 128);
        if (fields.Error is { } error)
        {
            return AccountAnswers.Of(error);
        }

        // :: Step 1: whether they may make an account. Those who may not are not told whether the address has one.
        var isOpen = registration.IsOpen(request.Inner.Http) || registration.IsListed(email);
        if (!isOpen && (invitation is null || !registration.TakesInvitations))
        {
            return AccountAnswers.Of(AccountError.NoRegistration);
        }

        // Somebody who guesses codes is not told whether the address has an account, and causes no hash.
        var name = AccountName.Of(email);
        if (!isOpen && await passwords.TryAsync("an invitation", request.Address, async () => await IsInvitedAsync(invitation!, name, cancellationToken)
            ? (SignInVerdict.Undecided, null)
            : (SignInVerdict.Wrong, AccountError.NoRegistration)) is { } uninvited)
        {
            return AccountAnswers.Of(uninvited);
        }

        // :: Step 2: whether the address is taken. Those who ask too often are no longer told.
        if (await passwords.TryAsync("", request.Address, async () => await store.FindAsync(name, cancellationToken) is not null
            ? (SignInVerdict.Wrong, AccountError.Exists)
            : (SignInVerdict.Undecided, null)) is { } refused)
        {
            return AccountAnswers.Of(refused);
        }

        // :: Step 3: make the account.
        if (!isOpen || !registration.IsCounted)
        {
            return (await MakeAsync(request, email, authPw, salt, isOpen ? null : invitation, cancellationToken)).Answer;
        }

        Answer? answer = null;
        var permit = await registrations.TryAsync(request.Address, async () =>
        {
            (answer, var isMade) = await MakeAsync(request, email, authPw, salt, invitation: null, cancellationToken);
            return isMade;
        });
        return answer ?? AccountAnswers.Of(permit.IsBusy ? AccountError.NotNow : AccountError.TooMany(permit.Wait));
    }

    public async ValueTask<Answer> LoginAsync(AccountRequest request, CancellationToken cancellationToken)
    {
        var (account, password, error) = await VerifyAsync(request, "authPW", cancellationToken);
        if (error is not null)
        {
            return AccountAnswers.Of(error);
        }

        var session = tokens.Session(account!.Account.Number, !account.IsTotpOn, request.UserAgent);
        (TokenSecret Secret, AccountToken Token)? keyFetch = request.WantsKeys ? tokens.KeyFetch(account, password!, session.Token.Digest) : null;
        if (!await store.AddTokensAsync(account, keyFetch is { } fetch ? [session.Token, fetch.Token] : [session.Token], inPlaceOf: null, cancellationToken))
        {
            // The password was changed meanwhile.
            return AccountAnswers.Of(AccountError.WrongPassword);
        }

        audit.Done(account.Uid, AuditEvents.SignedIn, request);
        if (!account.IsEmailVerified)
        {
            await codes.SendVerificationAsync(account, session.Token.Digest, cancellationToken);
        }
        else
        {
            mailer.TrySend(account.Email, MailText.NewSignIn(request.Origin, request.UserAgent));
        }

        return SessionTokens.Answer(account, SessionData.Read(session.Token.Data), session.Secret, keyFetch?.Secret);
    }

    /// <summary>Checks the password of the session's own account again.</summary>
    public async ValueTask<Answer> ReauthenticateAsync(AccountRequest request, CancellationToken cancellationToken)
    {
        var (account, password, error) = await VerifyOwnAsync(request, request.Fields.Email(), "authPW", cancellationToken);
        if (error is not null)
        {
            return AccountAnswers.Of(error);
        }

        (TokenSecret Secret, AccountToken Token)? keyFetch = request.WantsKeys ? tokens.KeyFetch(account!, password!, request.Token.Digest) : null;
        return keyFetch is { } fetch && !await store.AddTokensAsync(account!, [fetch.Token], inPlaceOf: null, cancellationToken)
            ? AccountAnswers.Of(AccountError.WrongPassword)
            : SessionTokens.Answer(account!, request.Session with { SignedIn = time.GetUtcNow().ToUnixTimeSeconds() }, session: null, keyFetch?.Secret);
    }

    /// <summary>Gives out the keys, once. Until the session is verified, it gives out nothing and the token stays good.</summary>
    public async ValueTask<Answer> KeysAsync(AccountRequest request, CancellationToken cancellationToken)
    {
        if (await store.FindTokenAsync(request.Token.Parent ?? "", ServerTimestamp.Now(time), cancellationToken) is not { Token.Kind: AccountTokenKind.Session } session)
        {
            return AccountAnswers.Of(AccountError.NoCredential);
        }

        if (Credentials.Unverified(session) is { } unverified)
        {
            return AccountAnswers.Of(unverified);
        }

        return await store.AddTokensAsync(request.Account, [], request.Token.Digest, cancellationToken)
            ? AccountAnswers.Object(writer => writer.WriteString("bundle", request.Token.Data))
            : AccountAnswers.Of(AccountError.NoCredential);
    }

    public static ValueTask<Answer> ScopedKeyDataAsync(AccountRequest request, CancellationToken cancellationToken)
    {
        request.Fields.Text("client_id", 64);
        var scope = request.Fields.Text("scope");
        return new(request.Fields.Error is { } error ? AccountAnswers.Of(error) : AccountAnswers.Object(writer =>
        {
            if (scope.Split(' ').Contains(SyncScope, StringComparer.Ordinal))
            {
                writer.WriteStartObject(SyncScope);
                writer.WriteString("identifier", SyncScope);
                writer.WriteString("keyRotationSecret", new string('0', 2 * TokenSecret.Bytes));
                writer.WriteNumber("keyRotationTimestamp", request.Account.KeysChangedAt);
                writer.WriteEndObject();
            }
        }));
    }

    /// <summary>Tells whether an account still exists, for a device whose session has ended.</summary>
    public async ValueTask<Answer> StatusAsync(AccountRequest request, CancellationToken cancellationToken)
    {
        if (request.Query("uid") is not { } uid || !TokenSecret.IsHex(uid, UidBytes))
        {
            return AccountAnswers.Of(AccountError.Invalid("uid"));
        }

        var exists = false;
        return await passwords.LookUpAsync(request.Address, async () => exists = await store.FindByUidAsync(uid, cancellationToken) is not null) is { } refused
            ? AccountAnswers.Of(refused)
            : AccountAnswers.Object(writer => writer.WriteBoolean("exists", exists));
    }

    public async ValueTask<Answer> DestroyAsync(AccountRequest request, CancellationToken cancellationToken)
    {
        var (account, _, error) = await VerifyOwnAsync(request, request.Fields.Email(), "authPW", cancellationToken);
        if (error is not null)
        {
            return AccountAnswers.Of(error);
        }

        if (!await directory.DeleteAsync(account!.Account, cancellationToken))
        {
            return AccountAnswers.Of(AccountError.WrongPassword);
        }

        audit.Done(account.Uid, AuditEvents.AccountDeleted, request);
        return AccountAnswers.Empty;
    }

    public static ValueTask<Answer> SessionStatusAsync(AccountRequest request, CancellationToken cancellationToken) => new(AccountAnswers.Object(writer =>
    {
        var isVerified = request.Account.IsEmailVerified && request.Session.IsVerified;
        writer.WriteString("state", isVerified ? "verified" : "unverified");
        writer.WriteString("uid", request.Account.Uid);
        writer.WriteStartObject("details");
        writer.WriteBoolean("accountEmailVerified", request.Account.IsEmailVerified);
        writer.WriteString("sessionVerificationMethod", request.Account.IsTotpOn ? "totp-2fa" : null);
        writer.WriteBoolean("sessionVerified", request.Session.IsVerified);
        writer.WriteBoolean("verified", isVerified);
        writer.WriteEndObject();
    }));

    public static ValueTask<Answer> EmailStatusAsync(AccountRequest request, CancellationToken cancellationToken) => new(AccountAnswers.Object(writer =>
    {
        writer.WriteString("email", request.Account.Email);
        SessionTokens.WriteState(writer, request.Account, request.Session);
    }));

    public async ValueTask<Answer> DestroySessionAsync(AccountRequest request, CancellationToken cancellationToken)
    {
        await store.RemoveFamilyAsync(request.Account.Account.Number, request.Token.Digest, cancellationToken);
        audit.Done(request.Account.Uid, AuditEvents.SignedOut, request);
        return AccountAnswers.Empty;
    }

    /// <summary>The salt that a new password was stretched with; empty for the old form, if that is accepted.</summary>
    public string ReadSalt(AccountFields fields)
    {
        if (options.OldStretch && !fields.Has("clientSalt"))
        {
            return "";
        }

        var salt = fields.Text("clientSalt", 128);
        return salt.StartsWith(SaltPrefix, StringComparison.Ordinal) && TokenSecret.IsHex(salt.AsSpan(SaltPrefix.Length), SaltBytes) ? salt : fields.Fail("clientSalt", "");
    }

    /// <summary>Checks the address and password of a request.</summary>
    public async ValueTask<(KeyedAccount? Account, StretchedPassword? Password, AccountError? Error)> VerifyAsync(
        AccountRequest request, string parameter, CancellationToken cancellationToken)
    {
        var email = request.Fields.Email();
        var authPw = request.Fields.Hex(parameter, TokenSecret.Bytes);
        if (request.Fields.Error is { } error)
        {
            return (null, null, error);
        }

        var result = await passwords.VerifyAsync(email, authPw, request.Address, cancellationToken);
        if (result.Error is { Errno: 103 })
        {
            audit.WrongPassword(request);
        }

        return result;
    }

    /// <summary>Checks the password of the account whose session sent the request.</summary>
    /// <param name="request">The request.</param>
    /// <param name="email">Must be the account's.</param>
    /// <param name="parameter">The parameter that holds the password.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    public async ValueTask<(KeyedAccount? Account, StretchedPassword? Password, AccountError? Error)> VerifyOwnAsync(
        AccountRequest request, string email, string parameter, CancellationToken cancellationToken)
    {
        var authPw = request.Fields.Hex(parameter, TokenSecret.Bytes);
        if (request.Fields.Error is { } error)
        {
            return (null, null, error);
        }

        if (!string.Equals(AccountName.Of(email), request.Account.Account.Name, StringComparison.Ordinal))
        {
            return (null, null, AccountError.WrongPassword);
        }

        var result = await passwords.VerifyAsync(email, authPw, request.Address, cancellationToken);
        return result.Account is { } account && account.Account.Number != request.Account.Account.Number ? (null, null, AccountError.WrongPassword) : result;
    }

    /// <summary>Makes an account.</summary>
    /// <param name="request">The request for it.</param>
    /// <param name="email">As it was typed.</param>
    /// <param name="authPw">Derived from the password by the client.</param>
    /// <param name="salt">The client's salt; empty for none.</param>
    /// <param name="invitation">Code of the invitation that lets the user in, and that is spent with the account; null for none.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>The answer, and whether the account was made.</returns>
    private async ValueTask<(Answer Answer, bool IsMade)> MakeAsync(
        AccountRequest request, string email, byte[] authPw, string salt, string? invitation, CancellationToken cancellationToken)
    {
        var name = AccountName.Of(email);
        // :: Step 1: stretch the password.
        if (await passwords.StretchAsync(authPw, request.Address, cancellationToken) is not { } password)
        {
            return (AccountAnswers.Of(AccountError.NotNow), false);
        }

        var uid = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(UidBytes));

        // :: Step 2: store the account with its first session.
        var now = ServerTimestamp.Now(time);
        var wrapped = RandomNumberGenerator.GetBytes(TokenSecret.Bytes);
        var account = new KeyedAccount(new Account(0, name, password.Hash, now, IsBeingDeleted: false), uid, email)
        {
            IsEmailVerified = !options.Smtp.IsOn,
            ClientSalt = salt,
            WrappedKey = password.Wrap(uid, wrapped),
            Generation = now.Milliseconds,
            KeysChangedAt = now.Milliseconds,
            Created = now,
        };
        var session = tokens.Session(account: 0, isVerified: true, request.UserAgent);
        (TokenSecret Secret, AccountToken Token)? keyFetch = request.WantsKeys ? tokens.KeyFetch(0, uid, wrapped, session.Token.Digest) : null;
        var spent = invitation is null ? null : TokenSecret.DigestOf(invitation);
        KeyedAccount? made = null;
        if (await passwords.TryAsync("", request.Address, async () =>
        {
            made = await store.AddAsync(account, keyFetch is { } fetch ? [session.Token, fetch.Token] : [session.Token], spent, cancellationToken);

            // Somebody else took the address or the invitation first, or an account of another protocol has the name. The answer tells who is there, so it counts.
            return made is not null ? (SignInVerdict.Undecided, null)
                : (SignInVerdict.Wrong, invitation is null || await IsInvitedAsync(invitation, name, cancellationToken) ? AccountError.Exists : AccountError.NoRegistration);
        }) is { } taken)
        {
            return (AccountAnswers.Of(taken), false);
        }

        audit.Done(uid, AuditEvents.AccountMade, request);
        if (!made!.IsEmailVerified)
        {
            await codes.SendVerificationAsync(made, session.Token.Digest, cancellationToken);
        }

        return (SessionTokens.Answer(made, SessionData.Read(session.Token.Data), session.Secret, keyFetch?.Secret), true);
    }

    /// <summary>Whether an invitation lets somebody in, or already let in the account of this name.</summary>
    private async ValueTask<bool> IsInvitedAsync(string code, string name, CancellationToken cancellationToken) =>
        await registration.IsGoodAsync(code, (await store.FindAsync(name, cancellationToken))?.Account, cancellationToken);
}
