using System.Text.Json;
using Lockstep.Core.Assignments;
using Lockstep.Core.Time;
using Lockstep.Gateway.Accounts;
using Lockstep.Gateway.Audit;
using Lockstep.Gateway.Console.Invitations;
using Lockstep.Gateway.Http;
using Lockstep.Gateway.Pipeline;

namespace Lockstep.Gateway.Console.Administration.Invitations;

/// <summary><c>/invitations</c>: lists, makes and revokes invitations.</summary>
internal sealed class InvitationHandlers(AccountInvitations invitations, AccountDirectory accounts, ConsoleOptions options, HttpOptions http, AuditTrail audit, TimeProvider time)
{
    private const int MaxNoteLength = 200;

    public async ValueTask<Answer> ListAsync(CancellationToken cancellationToken)
    {
        var now = ServerTimestamp.Now(time);
        return AdministrationAnswers.Of(new { invitations = (await invitations.ListAsync(cancellationToken)).Select(one => ViewOf(one, now)) });
    }

    /// <summary>Makes one: <c>{"account": "alice", "note": "for Alice"}</c>, both optional. The link is in this answer alone.</summary>
    public async ValueTask<Answer> MakeAsync(ConsoleRequest request, CancellationToken cancellationToken)
    {
        foreach (var field in (ReadOnlySpan<string>)["account", "note"])
        {
            if (request.Text(field) is null && request.Fields.TryGetValue(field, out var value) && value.ValueKind is not JsonValueKind.Null)
            {
                return ConsoleAnswers.Of(ConsoleError.Missing(field));
            }
        }

        var (name, note) = (request.Text("account") ?? "", request.Text("note") ?? "");
        if (note.Length > MaxNoteLength)
        {
            return ConsoleAnswers.Of(AdministrationErrors.LongNote(MaxNoteLength));
        }

        // Not all databases store NUL, and terminals that list notes obey the others.
        if (note.Any(char.IsControl))
        {
            return ConsoleAnswers.Of(AdministrationErrors.BadNote);
        }

        if (name.Length > 0 && !AccountDirectory.IsValidName(name))
        {
            return ConsoleAnswers.Of(AdministrationErrors.BadName);
        }

        if (name.Length > 0 && await accounts.FindByNameAsync(name, cancellationToken) is not null)
        {
            return ConsoleAnswers.Of(AdministrationErrors.NameTaken);
        }

        var link = PublicUrls.Base(request.Inner.Http.Request, http).TrimEnd('/') + await invitations.MakeAsync(name, note, options.InvitationTime, cancellationToken);
        audit.Write(AuditEvents.AdministratorMadeInvitation, AuditSource.Of(request.Inner.Http.Request, request.User.Account));
        return AdministrationAnswers.Of(new { link }, 201);
    }

    public async ValueTask<Answer> RevokeAsync(ConsoleRequest request, CancellationToken cancellationToken)
    {
        if (!await invitations.RevokeAsync(request.Inner.Values["invitation"], cancellationToken))
        {
            return ConsoleAnswers.Of(AdministrationErrors.NoInvitation);
        }

        audit.Write(AuditEvents.AdministratorRevokedInvitation, AuditSource.Of(request.Inner.Http.Request, request.User.Account));
        return ConsoleAnswers.Nothing();
    }

    private static InvitationView ViewOf(Invitation one, ServerTimestamp now) => new(one.Digest, one.AccountName ?? "", one.Note, one.Expires.Milliseconds, one.Expires <= now);
}
