using Lockstep.Gateway.Accounts;
using Lockstep.Gateway.Audit;
using Lockstep.Gateway.Console.Sessions;
using Lockstep.Gateway.Http;
using Lockstep.Gateway.Pipeline;

namespace Lockstep.Gateway.Console.Administrators;

/// <summary>The account of the first administrator, made with a link.</summary>
internal sealed class FirstAdministratorHandlers(AdministratorLinks links, SessionHandlers sessions, AccountDirectory accounts, AuditTrail audit)
{
    public async ValueTask<Answer> MakeAsync(ConsoleRequest request, CancellationToken cancellationToken)
    {
        foreach (var field in (ReadOnlySpan<string>)["link", "account", "password"])
        {
            if (request.Text(field) is null)
            {
                return ConsoleAnswers.Of(ConsoleError.Missing(field));
            }
        }

        var (link, name, password) = (request.Text("link")!, request.Text("account")!, request.Text("password")!);

        // First of all: nothing else is said or done without one. Nobody guesses 256 bits.
        if (!await links.IsValidAsync(link, cancellationToken))
        {
            return ConsoleAnswers.Of(ConsoleError.LinkOver);
        }

        if (!AccountDirectory.IsValidName(name))
        {
            return ConsoleAnswers.Of(ConsoleError.BadName);
        }

        if (accounts.Refuse(password) is { } refused)
        {
            return ConsoleAnswers.Of(ConsoleError.BadPassword(refused, "new"));
        }

        if (await accounts.FindByNameAsync(name, cancellationToken) is not null)
        {
            return ConsoleAnswers.Of(ConsoleError.NameTaken);
        }

        if (await accounts.HashAsync(ClientAddress.Of(request.Inner.Http.Connection.RemoteIpAddress), password, cancellationToken) is not { } hash)
        {
            return ConsoleAnswers.Of(ConsoleError.Busy with { RetryAfter = TimeSpan.FromSeconds(10) });
        }

        if (await links.UseAsync(link, name, hash, cancellationToken) is not { } account)
        {
            return ConsoleAnswers.Of(await links.IsValidAsync(link, cancellationToken) ? ConsoleError.NameTaken : ConsoleError.LinkOver);
        }

        audit.Write(AuditEvents.AccountMade, request.Source(name));
        return await sessions.OpenAsync(request, account, cancellationToken);
    }
}
