using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Lockstep.Core.Logins;
using Lockstep.Core.Time;
using Lockstep.Gateway.Accounts;

namespace Lockstep.Gateway.Sync11.Users;

/// <summary>A code that was mailed to a user. It replaces the password once.</summary>
/// <param name="Digest">SHA-256, hex. Nothing else of the code is stored.</param>
/// <param name="Expires">When it ends, whatever is mailed after it.</param>
internal readonly record struct MailedCode(string Digest, ServerTimestamp Expires)
{
    private const char Between = ' ';
    private const char BeforeTime = ':';

    /// <summary>The codes of a login that are valid at a time, the newest first.</summary>
    public static IReadOnlyList<MailedCode> Of(AccountLogin login, ServerTimestamp now) =>
        [.. (login.ResetDigest ?? "").Split(Between, StringSplitOptions.RemoveEmptyEntries).Select(Parse).Where(code => code.Expires > now)];

    /// <summary>The login with these codes in place of its own.</summary>
    public static AccountLogin Keep(AccountLogin login, IReadOnlyList<MailedCode> codes) => login with
    {
        ResetDigest = codes.Count == 0 ? null : string.Join(Between, codes.Select(static code => string.Create(CultureInfo.InvariantCulture, $"{code.Digest}{BeforeTime}{code.Expires.Milliseconds}"))),
        ResetExpires = codes.Select(static code => code.Expires).DefaultIfEmpty(ServerTimestamp.Zero).Max(),
    };

    /// <summary>Whether a typed text is this code.</summary>
    public bool Is(string code) => CryptographicOperations.FixedTimeEquals(Encoding.ASCII.GetBytes(Digest), Encoding.ASCII.GetBytes(AppPassword.DigestOf(code)));

    /// <summary>A code without a time is never valid.</summary>
    private static MailedCode Parse(string text) =>
        text.Split(BeforeTime) is [var digest, var time] && long.TryParse(time, NumberStyles.None, CultureInfo.InvariantCulture, out var expires)
            ? new MailedCode(digest, new ServerTimestamp(expires))
            : new MailedCode(text, ServerTimestamp.Zero);
}
