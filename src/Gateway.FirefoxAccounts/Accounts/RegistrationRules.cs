using System.IO.Enumeration;
using Lockstep.Core.Accounts;
using Lockstep.Core.Assignments;
using Lockstep.Core.Time;
using Lockstep.Gateway.Accounts;
using Lockstep.Gateway.FirefoxAccounts.Secrets;
using Lockstep.Gateway.Http;

namespace Lockstep.Gateway.FirefoxAccounts.Accounts;

/// <summary>Who may make an account. Closed wherever others can reach the server, unless the settings say otherwise.</summary>
internal sealed class RegistrationRules(FirefoxAccountOptions options, AccountOptions accounts, HttpOptions http, IAssignmentStore assignments, TimeProvider time)
{
    private const StringSplitOptions Trimmed = StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries;

    // Who has closed the accounts of Kinto has closed all.
    private readonly RegistrationPolicy local = new(
        new AccountOptions { Registration = accounts.Registration is Registration.Closed ? Registration.Closed : Registration.Auto }, http);

    /// <summary>As clients are told.</summary>
    public string Mode(HttpContext context) => options.Registration switch
    {
        AccountRegistration.Open => "open",
        AccountRegistration.Invitation => "invitation",
        AccountRegistration.AllowList => "allow-list",
        AccountRegistration.Auto when local.Allows(context) => "open",
        _ => "closed",
    };

    /// <summary>Whether a code of an invitation helps.</summary>
    public bool TakesInvitations => options.Registration is AccountRegistration.Invitation or AccountRegistration.AllowList;

    /// <summary>Whether somebody may make an account who has no invitation, whatever their address.</summary>
    public bool IsOpen(HttpContext context) => Mode(context) is "open";

    /// <summary>Whether accounts that are made without an invitation are counted by address: everybody may make one, or whoever has an address of a kind.</summary>
    public bool IsCounted => options.Registration is AccountRegistration.Open or AccountRegistration.AllowList;

    public bool IsListed(string email) => options.Registration == AccountRegistration.AllowList
        && options.AllowedEmails.Split(',', Trimmed).Any(pattern => FileSystemName.MatchesSimpleExpression(pattern, email, ignoreCase: true));

    /// <summary>Looks for an invitation. It is spent with the account that is made, and with nothing before.</summary>
    /// <param name="code">As it was given.</param>
    /// <param name="own">The account that the address has already, if any.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>False when there is none of this code, it is over, or another account was made with it than this one.</returns>
    public async ValueTask<bool> IsGoodAsync(string code, Account? own, CancellationToken cancellationToken) => TakesInvitations
        && await assignments.FindInvitationAsync(TokenSecret.DigestOf(code), cancellationToken) is { } invitation
        && (invitation.IsFree(ServerTimestamp.Now(time)) || (own is not null && invitation.IsOf(own)));
}
