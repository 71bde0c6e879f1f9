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

    // In mode Auto, closing the accounts of Kinto closes these too.
    private readonly RegistrationPolicy local = new(
        new AccountOptions { Registration = accounts.Registration is Registration.Closed ? Registration.Closed : Registration.Auto }, http);

    /// <summary>The mode as clients are told.</summary>
    public string Mode(HttpContext context) => options.Registration switch
    {
        AccountRegistration.Open => "open",
        AccountRegistration.Invitation => "invitation",
        AccountRegistration.AllowList => "allow-list",
        AccountRegistration.Auto when local.Allows(context) => "open",
        _ => "closed",
    };

    /// <summary>Whether the code of an invitation helps.</summary>
    public bool TakesInvitations => options.Registration is AccountRegistration.Invitation or AccountRegistration.AllowList;

    /// <summary>Whether anybody may make an account without an invitation, with any address.</summary>
    public bool IsOpen(HttpContext context) => Mode(context) is "open";

    /// <summary>Whether accounts made without an invitation are counted by address: where everybody may make one, or the owners of listed addresses.</summary>
    public bool IsCounted => options.Registration is AccountRegistration.Open or AccountRegistration.AllowList;

    public bool IsListed(string email) => options.Registration == AccountRegistration.AllowList
        && options.AllowedEmails.Split(',', Trimmed).Any(pattern => FileSystemName.MatchesSimpleExpression(pattern, email, ignoreCase: true));

    /// <summary>Checks an invitation. It is spent only when the account is made.</summary>
    /// <param name="code">As it was given.</param>
    /// <param name="own">The account that already has the address, if any.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>False if there is no invitation with this code, it has expired, or it made another account than this one.</returns>
    public async ValueTask<bool> IsGoodAsync(string code, Account? own, CancellationToken cancellationToken) => TakesInvitations
        && await assignments.FindInvitationAsync(TokenSecret.DigestOf(code), cancellationToken) is { } invitation
        && (invitation.IsFree(ServerTimestamp.Now(time)) || (own is not null && invitation.IsOf(own)));
}
