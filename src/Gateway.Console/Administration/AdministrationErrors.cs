namespace Lockstep.Gateway.Console.Administration;

/// <summary>What administrators are told that others are not.</summary>
internal static class AdministrationErrors
{
    public static readonly ConsoleError NoAccount = new(404, "no-account", "There is no such account.");
    public static readonly ConsoleError NoBucket = new(404, "no-bucket", "The account has no such bucket.");
    public static readonly ConsoleError NoInvitation = new(404, "no-invitation", "There is no such invitation, or somebody has used it.");
    public static readonly ConsoleError NameTaken = new(409, "name-taken", "There is an account of that name already.") { Field = "account" };
    public static readonly ConsoleError BadName = new(400, "bad-name", "A name has letters, digits and +.@_-, and begins with a letter or digit.") { Field = "account" };
    public static readonly ConsoleError BadNote = new(400, "bad-note", "A note is one line, without control characters.") { Field = "note" };
    public static readonly ConsoleError NotConfirmed = new(400, "not-confirmed", "The name that confirms this is missing, or is another one.") { Field = "confirm" };
    public static readonly ConsoleError OwnAccount = new(409, "own-account", "This is your own account. Another administrator can do that, or you on the pages of your account.");
    public static readonly ConsoleError GuardsAKey = new(409, "guards-a-key", "This is a Firefox account, whose password the server must not know. Its user can reset it; or make a link with the command 'firefox-accounts reset-link'.");
    public static readonly ConsoleError Importing = new(409, "importing", "Not all that this account has stored is here yet: an import was cut off. Run it again first.");
    public static readonly ConsoleError QuotasFull = new(409, "quotas-full", "The server has as many quotas as it can. Remove some, or change the settings.");
    public static readonly ConsoleError DeletionGoesOn = new(503, "deletion-goes-on", "A database does not answer. If the account can no longer sign in, its deletion goes on by itself.");
    public static readonly ConsoleError NotInAllDatabases = new(503, "not-in-all-databases", "A database does not answer. Do it again.");

    /// <summary>A field of the body has a value that cannot be.</summary>
    public static ConsoleError BadNumber(string field) => new(400, "bad-number", $"The field '{field}' must be a whole number from 0 on, or null.") { Field = field };

    /// <summary>A field of the body is missing, or neither true nor false.</summary>
    public static ConsoleError BadFlag(string field) => new(400, "bad-flag", $"The field '{field}' must be true or false.") { Field = field };

    /// <summary>A note is too long.</summary>
    public static ConsoleError LongNote(int most) => new(400, "long-note", $"A note has at most {most} characters.") { Field = "note" };

    /// <summary>The password is refused.</summary>
    public static ConsoleError BadPassword(string reason) => new(400, "bad-password", reason) { Field = "password" };
}
