using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Lockstep.Core.Logins;
using Lockstep.Core.Time;
using Lockstep.Gateway.Accounts;

namespace Lockstep.Gateway.Sync11.Users;

/// <summary>A code that was mailed to a user, and stands in for the password once.</summary>
/// <param name="Digest">SHA-256, hex: all that is kept of it.</param>
/// <param name="Expires">When it ends, whatever is mailed after it.</param>
internal readonly record struct MailedCode(string Digest, ServerTimestamp Expires)
{
    private const char Between = ' ';
    private const char BeforeTime = ':';

    /// <summary>Those of a login that are good at a time, the last one first.</summary>
    public static IReadOnlyList<MailedCode> Of(AccountLogin login, ServerTimestamp now) =>
        [.. (login.ResetDigest ?? "").Split(Between, StringSplitOptions.RemoveEmptyEntries).Select(Parse).Where(code => code.Expires > now)];

    /// <summary>A login with these codes in place of those that it has.</summary>
    public static AccountLogin Keep(AccountLogin login, IReadOnlyList<MailedCode> codes) => login with
    {
        ResetDigest = codes.Count == 0 ? null : string.Join(Between, codes.Select(static code => string.Create(CultureInfo.InvariantCulture, $"{code.Digest}{BeforeTime}{code.Expires.Milliseconds}"))),
        ResetExpires = codes.Select(static code => code.Expires).DefaultIfEmpty(ServerTimestamp.Zero).Max(),
    };

    /// <summary>Whether it is what somebody has typed.</summary>
    public bool Is(string code) => CryptographicOperations.FixedTimeEquals(Encoding.ASCII.GetBytes(Digest), Encoding.ASCII.GetBytes(AppPassword.DigestOf(code)));

    /// <summary>What has no time is good at none.</summary>
    private static MailedCode Parse(string text) =>
        text.Split(BeforeTime) is [var digest, var time] && long.TryParse(time, NumberStyles.None, CultureInfo.InvariantCulture, out var expires)
            ? new MailedCode(digest, new ServerTimestamp(expires))
            : new MailedCode(text, ServerTimestamp.Zero);
}
