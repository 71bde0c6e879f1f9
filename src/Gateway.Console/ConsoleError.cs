namespace Lockstep.Gateway.Console;

/// <summary>Something that was not done.</summary>
/// <param name="Status">Of HTTP.</param>
/// <param name="Word">For scripts: <c>signed-out</c>. The pages have a text for each.</param>
/// <param name="Message">For people.</param>
internal sealed record ConsoleError(int Status, string Word, string Message)
{
    public static readonly ConsoleError NoResource = new(404, "not-found", "There is nothing at this address.");
    public static readonly ConsoleError NoMethod = new(405, "method", "The resource does not have this method.");
    public static readonly ConsoleError SignedOut = new(401, "signed-out", "Nobody has signed in, or the sign-in is over.");
    public static readonly ConsoleError NotAdministrator = new(403, "not-administrator", "Only administrators may do this.");
    public static readonly ConsoleError Forbidden = new(403, "forbidden", "This account may not do that.");
    public static readonly ConsoleError OtherSite = new(403, "other-site", "The request does not come from a page of this server: it lacks the header Lockstep-Console.");
    public static readonly ConsoleError WrongPassword = new(403, "wrong-password", "Name and password do not match.");
    public static readonly ConsoleError NoJson = new(400, "no-json", "The body is not a JSON object.");
    public static readonly ConsoleError TooManyFailures = new(429, "too-many-failures", "Too many wrong passwords.");
    public static readonly ConsoleError Busy = new(503, "busy", "The server is busy. Nothing was done.");
    public static readonly ConsoleError Changed = new(412, "changed", "It has been changed or deleted meanwhile.");
    public static readonly ConsoleError NoStamp = new(428, "no-stamp", "A deletion needs If-Match with the stamp of the object in quotes.");
    public static readonly ConsoleError LinkOver = new(403, "link-over", "The link is used up, too old, or none of this server.");
    public static readonly ConsoleError InvitationOver = new(403, "invitation-over", "The invitation is used up, too old, revoked, or none of this server.");
    public static readonly ConsoleError BadName = new(400, "bad-name", "A name has letters, digits and +.@_-, and begins with a letter or digit.") { Field = "account" };
    public static readonly ConsoleError NameTaken = new(409, "name-taken", "There is an account of this name already.") { Field = "account" };
    public static readonly ConsoleError TooManyRequests = new(429, "busy", "Too many requests in a short time. Nothing was done.");
    public static readonly ConsoleError Away = new(503, "away", "A database does not answer, or the server is busy. It is not known whether anything was done.");
    public static readonly ConsoleError Unfinished = new(503, "unfinished", "A database does not answer. If the account can no longer sign in, its deletion goes on by itself.");
    public static readonly ConsoleError Fault = new(500, "fault", "The server has a fault.");

    /// <summary>The field that is wrong; null for none.</summary>
    public string? Field { get; init; }

    /// <summary>How long to wait; null for not at all.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>A new password is refused.</summary>
    public static ConsoleError BadPassword(string reason, string field) => new(400, "too-short", reason) { Field = field };

    /// <summary>A field of a request's body is missing or of the wrong type.</summary>
    public static ConsoleError Missing(string field) => new(400, "missing", $"The field '{field}' is missing, or is no text.") { Field = field };
}
