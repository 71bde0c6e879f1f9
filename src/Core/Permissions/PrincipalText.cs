using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;
using Lockstep.Core.Time;

namespace Lockstep.Core.Permissions;

/// <summary>
/// Principals as text, in the form of clients (<c>account:alice</c>, <c>/buckets/team/groups/staff</c>) and in the stored form. The stored form
/// of an account ends with its number, since names can be given again: <c>account:alice#7</c>. That of a group ends with
/// the stamp of the write that named it: if the group was deleted after that, the text means no later group of the same name. An
/// account without a number, or a group without a stamp, is nobody.
/// </summary>
public static class PrincipalText
{
    /// <summary>Everybody, signed in or not.</summary>
    public const string Everyone = "system.Everyone";

    /// <summary>Everybody who has signed in.</summary>
    public const string Authenticated = "system.Authenticated";

    private const string Account = "account:";
    private const string Buckets = "/buckets/";
    private const string Groups = "groups";

    /// <summary>Maximal UTF-8 bytes of a principal: an index of PostgreSQL takes no row of more than 2,704.</summary>
    public const int MaxBytes = 512;

    /// <summary>Whether a text can be a principal that every store can keep.</summary>
    public static bool IsPossible(string text) =>
        text.Length is > 0 and <= MaxBytes && !text.Contains('\0', StringComparison.Ordinal) && Encoding.UTF8.GetByteCount(text) <= MaxBytes;

    public static bool IsAccount(string principal) => principal.StartsWith(Account, StringComparison.Ordinal);

    /// <summary>Whether it can only be a group; not every such text names one.</summary>
    public static bool IsGroup(string principal) => principal.StartsWith(Buckets, StringComparison.Ordinal);

    /// <summary>The stored form of an account's user.</summary>
    public static string OfAccount(string principal, long number) => string.Create(CultureInfo.InvariantCulture, $"{principal}#{number}");

    /// <summary>The stored form of a group that is named now.</summary>
    public static string OfGroup(string group, ServerTimestamp named) => string.Create(CultureInfo.InvariantCulture, $"{group}#{named.Milliseconds}");

    public static string GroupOf(string bucket, string group) => $"{Buckets}{bucket}/{Groups}/{group}";

    /// <summary>The form of clients.</summary>
    /// <param name="stored">The stored one.</param>
    public static string Public(string stored) => (IsAccount(stored) || IsGroup(stored)) && stored.LastIndexOf('#') is > 0 and var at ? stored[..at] : stored;

    /// <summary>The form by which the store finds entries for a principal. A group has no stamp in it, since the user who asks does not know the stamp.</summary>
    /// <param name="stored">The stored one.</param>
    public static string Indexed(string stored) => IsGroup(stored) ? Public(stored) : stored;

    /// <summary>When a group was named; zero when that is unknown.</summary>
    public static ServerTimestamp NamedAt(string stored) =>
        stored.LastIndexOf('#') is > 0 and var at && long.TryParse(stored.AsSpan(at + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var stamp)
            ? new ServerTimestamp(stamp)
            : ServerTimestamp.Zero;

    /// <summary>The names of bucket and group in a group's principal, in either form.</summary>
    public static bool TryReadGroup(string principal, [NotNullWhen(true)] out string? bucket, [NotNullWhen(true)] out string? group)
    {
        (bucket, group) = (null, null);
        var parts = Public(principal).Split('/');
        if (!IsGroup(principal) || parts.Length != 5 || parts[3] is not Groups || parts[2].Length == 0 || parts[4].Length == 0)
        {
            return false;
        }

        (bucket, group) = (parts[2], parts[4]);
        return true;
    }
}
