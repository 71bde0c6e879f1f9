using Lockstep.Core.KeyedAccounts;
using Lockstep.Core.Time;
using Lockstep.Gateway.Accounts;
using Lockstep.Gateway.Audit;
using Lockstep.Gateway.FirefoxAccounts.OAuth;
using Lockstep.Gateway.FirefoxAccounts.Sessions;
using Lockstep.Gateway.Pipeline;

namespace Lockstep.Gateway.FirefoxAccounts.Accounts;

/// <summary>Passwords for clients that only know a name and a password. They open buckets and records, but nothing of the account itself.</summary>
internal sealed class AppPasswordHandlers(IKeyedAccountStore store, AccountHandlers accounts, SessionTokens tokens, FirefoxAccountOptions options, AuditLog audit, TimeProvider time)
{
    private const int MaxNameLength = 100;
    private static readonly TimeSpan Lifetime = TimeSpan.FromDays(36_500);

    public async ValueTask<Answer> ListAsync(AccountRequest request, CancellationToken cancellationToken)
    {
        var all = await AllAsync(request, cancellationToken);
        return AccountAnswers.Array(writer =>
        {
            foreach (var token in all)
            {
                writer.WriteStartObject();
                writer.WriteString("id", token.Digest);
                writer.WriteString("name", token.Data);
                writer.WriteString("scope", token.Scope);
                writer.WriteNumber("createdTime", token.Created.Milliseconds);
                writer.WriteNumber("lastAccessTime", token.Used.Milliseconds);
                writer.WriteEndObject();
            }
        });
    }

    public async ValueTask<Answer> CreateAsync(AccountRequest request, CancellationToken cancellationToken)
    {
        var name = request.Fields.Text("name", MaxNameLength);
        var (account, _, error) = await accounts.VerifyOwnAsync(request, request.Account.Email, "authPW", cancellationToken);
        if (error is null && (await AllAsync(request, cancellationToken)).Count >= options.MaxAppPasswords)
        {
            error = AccountError.TooManyAppPasswords;
        }

        if (error is not null)
        {
            return AccountAnswers.Of(error);
        }

        var password = AppPassword.New();
        var token = tokens.Plain(AccountTokenKind.AppPassword, AppPassword.DigestOf(password), account!.Account.Number, Lifetime, parent: null, name) with { Scope = Scopes.Kinto };
        if (!await store.AddTokensAsync(account, [token], inPlaceOf: null, cancellationToken))
        {
            return AccountAnswers.Of(AccountError.WrongPassword);
        }

        audit.Done(account.Uid, AuditEvents.AppPasswordMade, request);
        return AccountAnswers.Object(writer =>
        {
            writer.WriteString("id", token.Digest);
            writer.WriteString("name", name);
            writer.WriteString("scope", token.Scope);
            writer.WriteString("user", account.Account.Name);
            writer.WriteString("password", password);
        });
    }

    public async ValueTask<Answer> DestroyAsync(AccountRequest request, CancellationToken cancellationToken)
    {
        var id = request.Fields.Text("id", 64);
        if (request.Fields.Error is { } error)
        {
            return AccountAnswers.Of(error);
        }

        if (!(await AllAsync(request, cancellationToken)).Any(token => string.Equals(token.Digest, id, StringComparison.Ordinal))
            || !await store.RemoveTokenAsync(request.Account.Account.Number, id, cancellationToken))
        {
            return AccountAnswers.Of(AccountError.Invalid("id"));
        }

        audit.Done(request.Account.Uid, AuditEvents.AppPasswordRemoved, request);
        return AccountAnswers.Empty;
    }

    private ValueTask<IReadOnlyList<AccountToken>> AllAsync(AccountRequest request, CancellationToken cancellationToken) =>
        store.ListTokensAsync(request.Account.Account.Number, [AccountTokenKind.AppPassword], ServerTimestamp.Now(time), cancellationToken);
}
