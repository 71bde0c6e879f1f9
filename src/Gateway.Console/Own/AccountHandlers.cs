using Lockstep.Core.Storage;
using Lockstep.Gateway.Accounts;
using Lockstep.Gateway.Audit;
using Lockstep.Gateway.Console.Sessions;
using Lockstep.Gateway.Http;
using Lockstep.Gateway.Pipeline;

namespace Lockstep.Gateway.Console.Own;

/// <summary>A user's own account. Both ask for the password again.</summary>
internal sealed class AccountHandlers(PasswordCheck passwords, SessionHandlers sessions, AccountDirectory accounts, HttpOptions http, AuditTrail audit)
{
    /// <summary>Another password. The user stays signed in here, and is signed out everywhere else.</summary>
    public async ValueTask<Answer> ChangePasswordAsync(ConsoleRequest request, CancellationToken cancellationToken)
    {
        if (request.Text("new") is not { } password)
        {
            return ConsoleAnswers.Of(ConsoleError.Missing("new"));
        }

        if (accounts.Refuse(password) is { } refused)
        {
            return ConsoleAnswers.Of(ConsoleError.BadPassword(refused, "new"));
        }

        var (account, refusal) = await passwords.VerifyAsync(request, request.User.Account, cancellationToken);
        if (account is null)
        {
            return refusal!;
        }

        if (await accounts.HashAsync(request.User.Id, password, cancellationToken) is not { } hash)
        {
            return ConsoleAnswers.Of(ConsoleError.Busy with { RetryAfter = TimeSpan.FromSeconds(10) });
        }

        if (await accounts.ChangeAsync(account, hash, cancellationToken) is not { } changed)
        {
            return ConsoleAnswers.Of(ConsoleError.Changed);
        }

        audit.Write(AuditEvents.PasswordChanged, request.Source(changed.Name));
        return await sessions.RenewAsync(request, changed, cancellationToken);
    }

    /// <summary>Deletes the account with all its buckets.</summary>
    public async ValueTask<Answer> DeleteAsync(ConsoleRequest request, CancellationToken cancellationToken)
    {
        var (account, refusal) = await passwords.VerifyAsync(request, request.User.Account, cancellationToken);
        if (account is null)
        {
            return refusal!;
        }

        try
        {
            if (!await accounts.DeleteAsync(account, cancellationToken))
            {
                return ConsoleAnswers.Of(ConsoleError.Changed);
            }
        }
        catch (StoreUnavailableException)
        {
            return ConsoleAnswers.Of(ConsoleError.Unfinished);
        }

        audit.Write(AuditEvents.AccountDeleted, request.Source(account.Name));
        return ConsoleAnswers.Nothing(SessionCookie.Set(request.Inner.Http.Request, http, secret: null, TimeSpan.Zero));
    }
}
