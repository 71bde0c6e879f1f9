using Lockstep.Core.Accounts;
using Lockstep.Gateway.Accounts;
using Lockstep.Gateway.Audit;
using Lockstep.Gateway.Http;
using Lockstep.Gateway.Pipeline;

namespace Lockstep.Gateway.Console.Sessions;

/// <summary>Signing in and out.</summary>
internal sealed class SessionHandlers(ConsoleSessions sessions, PasswordCheck passwords, AccountDirectory accounts, ConsoleOptions options, HttpOptions http, AuditTrail audit)
{
    /// <summary>Who has signed in. Says so to anybody, so that a page need not fail to find out.</summary>
    public static Answer Show(ConsoleRequest request) => ConsoleAnswers.Object(writer =>
    {
        writer.WriteString("account", request.Principal?.Account);
        writer.WriteBoolean("administrator", request.IsAdministrator);
    });

    /// <summary>Signs in by name and password.</summary>
    public async ValueTask<Answer> OpenAsync(ConsoleRequest request, CancellationToken cancellationToken)
    {
        if (request.Text("account") is not { } name)
        {
            return ConsoleAnswers.Of(ConsoleError.Missing("account"));
        }

        var (account, refusal) = await passwords.VerifyAsync(request, name, cancellationToken);
        return account is null ? refusal! : await OpenAsync(request, account, cancellationToken);
    }

    /// <summary>Signs an account in whose password was just shown, or set.</summary>
    public async ValueTask<Answer> OpenAsync(ConsoleRequest request, Account account, CancellationToken cancellationToken)
    {
        var (secret, _) = await sessions.OpenAsync(account, cancellationToken);
        audit.Write(AuditEvents.SignedIn, request.Source(account.Name));
        return Opened(request, account, secret);
    }

    /// <summary>Signs an account in again that has a new password, and out everywhere else.</summary>
    public async ValueTask<Answer> RenewAsync(ConsoleRequest request, Account account, CancellationToken cancellationToken)
    {
        var (secret, digest) = await sessions.OpenAsync(account, cancellationToken);
        await sessions.EndAllAsync(account, digest, cancellationToken);
        return Opened(request, account, secret);
    }

    /// <summary>Signs out. Can be repeated.</summary>
    public async ValueTask<Answer> EndAsync(ConsoleRequest request, CancellationToken cancellationToken)
    {
        // Where there is no session that counts there is nothing to end, and nobody makes the database write.
        if (request.Principal is { } user && SessionCookie.Read(request.Inner.Http.Request, http) is { } secret)
        {
            await sessions.EndAsync(secret, cancellationToken);
            audit.Write(AuditEvents.SignedOut, request.Source(user.Account));
        }

        return ConsoleAnswers.Nothing(SessionCookie.Set(request.Inner.Http.Request, http, secret: null, TimeSpan.Zero));
    }

    private Answer Opened(ConsoleRequest request, Account account, string secret)
    {
        var isAdministrator = accounts.IsAdministrator(accounts.PrincipalOf(account));
        return ConsoleAnswers.Object(
            writer =>
            {
                writer.WriteString("account", account.Name);
                writer.WriteBoolean("administrator", isAdministrator);
            },
            0,
            SessionCookie.Set(request.Inner.Http.Request, http, secret, options.SessionTime));
    }
}
