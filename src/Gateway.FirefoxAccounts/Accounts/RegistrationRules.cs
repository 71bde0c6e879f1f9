using System.IO.Enumeration;
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

    public bool IsListed(string email) => options.Registration == AccountRegistration.AllowList
        && options.AllowedEmails.Split(',', Trimmed).Any(pattern => FileSystemName.MatchesSimpleExpression(pattern, email, ignoreCase: true));

    /// <summary>Binds an invitation to an address.</summary>
    /// <param name="code">As it was given.</param>
    /// <param name="name">The name of the account that is to be made.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>False when there is none of this code, it is over, or it is another's.</returns>
    public async ValueTask<bool> TakeAsync(string code, string name, CancellationToken cancellationToken) => TakesInvitations
        && await assignments.TakeInvitationAsync(TokenSecret.DigestOf(code), new UserIdentity(UserIdentity.Local, name), ServerTimestamp.Now(time), cancellationToken) is not null;
}
