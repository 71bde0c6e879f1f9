using Lockstep.Core.Accounts;
using Lockstep.Core.KeyedAccounts;
using Lockstep.Core.Time;
using Lockstep.Gateway.Audit;
using Lockstep.Gateway.FirefoxAccounts.Mail;
using Lockstep.Gateway.FirefoxAccounts.Sessions;
using Lockstep.Gateway.Pipeline;

namespace Lockstep.Gateway.FirefoxAccounts.Accounts;

/// <summary>Sets up the second factor, and verifies sessions by its codes and by mailed codes.</summary>
internal sealed class SecondFactorHandlers(
    IKeyedAccountStore store, SecondFactor factor, AccountHandlers accounts, PasswordChecks passwords, SessionTokens sessions, MailedCodes codes, AuditLog audit, FirefoxAccountOptions options, TimeProvider time)
{
    private const int MaxCodeLength = 32;

    public static ValueTask<Answer> ExistsAsync(AccountRequest request, CancellationToken cancellationToken) => new(AccountAnswers.Object(writer =>
    {
        writer.WriteBoolean("exists", request.Account.IsTotpOn);
        writer.WriteBoolean("verified", request.Account.IsTotpOn);
    }));

    /// <summary>Makes a secret for the app. It takes effect once a code of the app was shown.</summary>
    public async ValueTask<Answer> CreateAsync(AccountRequest request, CancellationToken cancellationToken)
    {
        var (account, _, error) = await accounts.VerifyOwnAsync(request, request.Account.Email, "authPW", cancellationToken);
        if (error is not null || account!.IsTotpOn)
        {
            return AccountAnswers.Of(error ?? AccountError.TotpExists);
        }

        var (stored, secret) = factor.NewSecret(account.Uid);
        if (await store.ChangeAsync(account, account with { TotpSecret = stored, TotpStep = 0 }, AccountSweep.None, cancellationToken) is null)
        {
            return AccountAnswers.Of(AccountError.NotNow);
        }

        // A request without a host does not tell the server's name.
        var issuer = Uri.EscapeDataString(Uri.TryCreate(request.Origin, UriKind.Absolute, out var origin) ? origin.Host : "Lockstep");
        var label = $"{issuer}:{Uri.EscapeDataString(account.Email)}";
        return AccountAnswers.Object(writer =>
        {
            writer.WriteString("secret", secret);
            writer.WriteString("uri", $"otpauth://totp/{label}?secret={secret}&issuer={issuer}");
        });
    }

    public async ValueTask<Answer> CompleteAsync(AccountRequest request, CancellationToken cancellationToken)
    {
        var code = request.Fields.Text("code", MaxCodeLength);
        var before = request.Account;
        if (request.Fields.Error is not null || before.TotpSecret is null || before.IsTotpOn)
        {
            return AccountAnswers.Of(request.Fields.Error ?? (before.IsTotpOn ? AccountError.TotpExists : AccountError.NoTotp));
        }

        var (recovery, stored) = factor.NewCodes(before.Uid);
        var (_, error) = await factor.TakeTotpAsync(before, code, account => account with { IsTotpOn = true, RecoveryCodes = stored }, AccountSweep.None, cancellationToken);
        if (error is not null)
        {
            return AccountAnswers.Of(error);
        }

        // Existing sessions count as if they had shown the second factor. New sessions that have not shown it must not push them out.
        foreach (var session in await store.ListTokensAsync(before.Account.Number, [AccountTokenKind.Session], ServerTimestamp.Now(time), cancellationToken))
        {
            if (session.Used == session.Created && SessionData.Read(session.Data).IsVerified)
            {
                await store.TouchTokenAsync(session.Digest, sessions.UsedAfter(session), session.Expires, cancellationToken);
            }
        }

        audit.Done(before.Uid, AuditEvents.SecondFactorSetUp, request);
        return Codes(recovery);
    }

    public async ValueTask<Answer> DestroyAsync(AccountRequest request, CancellationToken cancellationToken)
    {
        var (account, _, error) = await accounts.VerifyOwnAsync(request, request.Account.Email, "authPW", cancellationToken);
        if (error is not null || account!.TotpSecret is null)
        {
            return AccountAnswers.Of(error ?? AccountError.NoTotp);
        }

        if (await store.ChangeAsync(account, account with { TotpSecret = null, IsTotpOn = false, RecoveryCodes = "" }, AccountSweep.None, cancellationToken) is null)
        {
            return AccountAnswers.Of(AccountError.NotNow);
        }

        audit.Done(account.Uid, AuditEvents.SecondFactorRemoved, request);
        return AccountAnswers.Empty;
    }

    public async ValueTask<Answer> NewCodesAsync(AccountRequest request, CancellationToken cancellationToken)
    {
        var (account, _, error) = await accounts.VerifyOwnAsync(request, request.Account.Email, "authPW", cancellationToken);
        if (error is not null || !account!.IsTotpOn)
        {
            return AccountAnswers.Of(error ?? AccountError.NoTotp);
        }

        var (recovery, stored) = factor.NewCodes(account.Uid);
        return await store.ChangeAsync(account, account with { RecoveryCodes = stored }, AccountSweep.None, cancellationToken) is null
            ? AccountAnswers.Of(AccountError.NotNow)
            : Codes(recovery);
    }

    public static ValueTask<Answer> CountCodesAsync(AccountRequest request, CancellationToken cancellationToken) => new(AccountAnswers.Object(writer =>
    {
        var count = CountOf(request.Account);
        writer.WriteBoolean("hasBackupCodes", count > 0);
        writer.WriteNumber("count", count);
    }));

    public async ValueTask<Answer> VerifyTotpAsync(AccountRequest request, CancellationToken cancellationToken)
    {
        var code = request.Fields.Text("code", MaxCodeLength);
        if (request.Fields.Error is not null || !request.Account.IsTotpOn)
        {
            return AccountAnswers.Of(request.Fields.Error ?? AccountError.NoTotp);
        }

        var (account, error) = await factor.TakeTotpAsync(request.Account, code, static account => account, AccountSweep.None, cancellationToken);
        return account is null ? AccountAnswers.Of(error!)
            : await VerifySessionAsync(request, cancellationToken) ? AccountAnswers.Object(static writer => writer.WriteBoolean("success", true))
            : AccountAnswers.Of(AccountError.NoCredential);
    }

    public async ValueTask<Answer> VerifyRecoveryCodeAsync(AccountRequest request, CancellationToken cancellationToken)
    {
        var code = request.Fields.Text("code", MaxCodeLength);
        if (request.Fields.Error is not null || !request.Account.IsTotpOn)
        {
            return AccountAnswers.Of(request.Fields.Error ?? AccountError.NoTotp);
        }

        var (account, error) = await factor.TakeRecoveryCodeAsync(request.Account, code, static account => account, AccountSweep.None, cancellationToken);
        return account is null ? AccountAnswers.Of(error!)
            : await VerifySessionAsync(request, cancellationToken) ? AccountAnswers.Object(writer => writer.WriteNumber("remaining", CountOf(account)))
            : AccountAnswers.Of(AccountError.NoCredential);
    }

    /// <summary>Takes the mailed code that shows that the address is theirs.</summary>
    public async ValueTask<Answer> VerifyEmailAsync(AccountRequest request, CancellationToken cancellationToken)
    {
        var code = request.Fields.Text("code", MaxCodeLength);
        if (request.Fields.Error is { } error)
        {
            return AccountAnswers.Of(error);
        }

        if (request.Account.IsEmailVerified)
        {
            return AccountAnswers.Empty;
        }

        if (await passwords.GuessAsync($"verify {request.Account.Uid}", request.Address, async () => await codes.TakeAsync(request.Account, AccountTokenKind.VerifyCode, asker: "", code, cancellationToken)
            ? (SignInVerdict.Right, null)
            : (SignInVerdict.Wrong, AccountError.WrongCode)) is { } refused)
        {
            return AccountAnswers.Of(refused);
        }

        if (await store.ChangeAsync(request.Account, request.Account with { IsEmailVerified = true }, AccountSweep.None, cancellationToken) is null)
        {
            return AccountAnswers.Of(AccountError.WrongCode);
        }

        audit.Done(request.Account.Uid, AuditEvents.AccountAddressShown, request);
        return AccountAnswers.Empty;
    }

    public async ValueTask<Answer> ResendAsync(AccountRequest request, CancellationToken cancellationToken) =>
        !options.Smtp.IsOn ? AccountAnswers.Of(AccountError.NoMail)
        : request.Account.IsEmailVerified ? AccountAnswers.Empty
        : await codes.SendVerificationAsync(request.Account, request.Token.Digest, cancellationToken) is { } error ? AccountAnswers.Of(error)
        : AccountAnswers.Empty;

    private static int CountOf(KeyedAccount account) => account.RecoveryCodes.Split(' ', StringSplitOptions.RemoveEmptyEntries).Length;

    private static Answer Codes(IReadOnlyList<string> codes) => AccountAnswers.Object(writer =>
    {
        writer.WriteStartArray("recoveryCodes");
        foreach (var code in codes)
        {
            writer.WriteStringValue(code);
        }

        writer.WriteEndArray();
    });

    private async ValueTask<bool> VerifySessionAsync(AccountRequest request, CancellationToken cancellationToken)
    {
        if (!await store.ChangeTokenAsync(request.Token, (request.Session with { IsVerified = true }).Write(), cancellationToken))
        {
            return false;
        }

        await store.TouchTokenAsync(request.Token.Digest, sessions.UsedAfter(request.Token), request.Token.Expires, cancellationToken);
        return true;
    }
}
