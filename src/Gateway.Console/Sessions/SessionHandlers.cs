using System.Text;
using Lockstep.Gateway.Accounts;
using Lockstep.Gateway.Audit;
using Lockstep.Gateway.Http;
using Lockstep.Gateway.Pipeline;

namespace Lockstep.Gateway.Console.Sessions;

/// <summary>Signing in and out.</summary>
internal sealed class SessionHandlers(ConsoleSessions sessions, AccountDirectory accounts, ConsoleOptions options, HttpOptions http, AuditTrail audit)
{
    /// <summary>Who has signed in. Says so to anybody, so that a page need not fail to find out.</summary>
    public Answer Show(ConsoleRequest request) => ConsoleAnswers.Object(writer =>
    {
        if (request.Principal is { } user)
        {
            writer.WriteString("account", user.Account);
            writer.WriteBoolean("administrator", request.IsAdministrator);
        }
        else
        {
            writer.WriteNull("account");
        }
    });

    /// <summary>Signs in by name and password. Wrong ones count with all other wrong passwords of the address.</summary>
    public async ValueTask<Answer> OpenAsync(ConsoleRequest request, CancellationToken cancellationToken)
    {
        if (request.Text("account") is not { } name)
        {
            return ConsoleAnswers.Of(ConsoleError.Missing("account"));
        }

        if (request.Text("password") is not { } password)
        {
            return ConsoleAnswers.Of(ConsoleError.Missing("password"));
        }

        var signIn = await request.Inner.SignInAsync("Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes($"{name}:{password}")), cancellationToken);
        switch (signIn.Status)
        {
            case SignInStatus.Throttled:
                audit.Write(AuditEvents.WrongPassword, request.Source(name));
                return ConsoleAnswers.Of(ConsoleError.TooManyFailures with { RetryAfter = signIn.RetryAfter });
            case SignInStatus.Busy:
                return ConsoleAnswers.Of(ConsoleError.Busy with { RetryAfter = TimeSpan.FromSeconds(10) });
        }

        // A password that was given to one application opens no session.
        if (signIn.Principal is not { } user || await accounts.FindOwnAsync(user, cancellationToken) is not { } account)
        {
            audit.Write(AuditEvents.WrongPassword, request.Source(name));
            return ConsoleAnswers.Of(ConsoleError.WrongPassword with { Field = "password" });
        }

        var secret = await sessions.OpenAsync(account, cancellationToken);
        audit.Write(AuditEvents.SignedIn, request.Source(account.Name));
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

    /// <summary>Signs out. Can be repeated.</summary>
    public async ValueTask<Answer> EndAsync(ConsoleRequest request, CancellationToken cancellationToken)
    {
        if (SessionCookie.Read(request.Inner.Http.Request) is { } secret)
        {
            await sessions.EndAsync(secret, cancellationToken);
        }

        if (request.Principal is { } user)
        {
            audit.Write(AuditEvents.SignedOut, request.Source(user.Account));
        }

        return ConsoleAnswers.Nothing(SessionCookie.Set(request.Inner.Http.Request, http, secret: null, TimeSpan.Zero));
    }
}
