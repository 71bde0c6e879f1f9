using Lockstep.Core.Accounts;
using Lockstep.Core.Assignments;
using Lockstep.Gateway.Accounts;
using Lockstep.Gateway.Audit;
using Lockstep.Gateway.Console.Sessions;
using Lockstep.Gateway.Http;
using Lockstep.Gateway.Pipeline;

namespace Lockstep.Gateway.Console.Invitations;

/// <summary>The account of somebody who was invited, made with a link.</summary>
internal sealed class InvitedHandlers(AccountInvitations invitations, SessionHandlers sessions, AccountDirectory accounts, ISignInThrottle throttle, AuditTrail audit)
{
    public async ValueTask<Answer> MakeAsync(ConsoleRequest request, CancellationToken cancellationToken)
    {
        foreach (var field in (ReadOnlySpan<string>)["invitation", "account", "password"])
        {
            if (request.Text(field) is null)
            {
                return ConsoleAnswers.Of(ConsoleError.Missing(field));
            }
        }

        var (secret, name, password) = (request.Text("invitation")!, request.Text("account")!, request.Text("password")!);
        var address = ClientAddress.Of(request.Inner.Http.Connection.RemoteIpAddress);

        // First of all: without one nothing else is said, hashed or written.
        var (invitation, refusal) = await FindAsync(secret, address, cancellationToken);
        if (invitation is null)
        {
            return refusal!;
        }

        if (!AccountDirectory.IsValidName(name) || !invitation.IsFor(name))
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

        if (await accounts.HashAsync(address, password, cancellationToken) is not { } hash)
        {
            return ConsoleAnswers.Of(ConsoleError.Busy with { RetryAfter = TimeSpan.FromSeconds(10) });
        }

        if (await accounts.AddInvitedAsync(name, hash, invitation.Digest, cancellationToken) is not { } account)
        {
            return ConsoleAnswers.Of(await invitations.FindAsync(secret, cancellationToken) is null ? ConsoleError.InvitationOver : ConsoleError.NameTaken);
        }

        audit.Write(AuditEvents.AccountMade, request.Source(name));
        return await sessions.OpenAsync(request, account, cancellationToken);
    }

    /// <summary>Looks for an invitation. Wrong ones are counted as wrong passwords are.</summary>
    private async ValueTask<(Invitation? Invitation, Answer? Refusal)> FindAsync(string secret, string address, CancellationToken cancellationToken)
    {
        // No account has a blank in its name.
        var attempt = new SignInTry(Guid.NewGuid(), "console invitations", address);
        var permit = await throttle.BeginAsync(attempt, CancellationToken.None);
        if (!permit.IsGranted)
        {
            return (null, ConsoleAnswers.Of(permit.IsBusy
                ? ConsoleError.Busy with { RetryAfter = TimeSpan.FromSeconds(10) }
                : ConsoleError.TooManyFailures with { RetryAfter = permit.Wait }));
        }

        var verdict = SignInVerdict.Undecided;
        try
        {
            var found = await invitations.FindAsync(secret, cancellationToken);
            verdict = found is null ? SignInVerdict.Wrong : SignInVerdict.Undecided;
            return (found, found is null ? ConsoleAnswers.Of(ConsoleError.InvitationOver) : null);
        }
        finally
        {
            await throttle.EndAsync(attempt, verdict);
        }
    }
}
