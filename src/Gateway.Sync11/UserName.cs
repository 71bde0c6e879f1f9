using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Lockstep.Gateway.Accounts;

namespace Lockstep.Gateway.Sync11;

/// <summary>User names, and how clients derive them from addresses.</summary>
public static class UserName
{
    private const string Alphabet = "abcdefghijklmnopqrstuvwxyz234567";
    private static readonly IdnMapping Idn = new();

    /// <summary>Letters, digits, dots, dashes and underscores, starting with a letter or a digit. Case-sensitive.</summary>
    public static bool IsValid(string name) => AccountDirectory.IsValidName(name) && name.All(static c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-');

    /// <summary>
    /// Whether a client derives this name from an address: SHA-1 of the address in lower case, in base 32. Mozilla's server first converts addresses in other
    /// scripts than Latin like domain names (IDNA), but the clients do not. Both forms are accepted.
    /// </summary>
    public static bool IsOf(string name, string email)
    {
        var lower = email.ToLowerInvariant();
        return string.Equals(name, Hash(lower), StringComparison.Ordinal)
            || (ToAscii(email) is { } ascii && string.Equals(name, Hash(ascii.ToLowerInvariant()), StringComparison.Ordinal));
    }

    /// <summary>The account name of a user: their address if the user name was derived from it and it is a possible account name, otherwise the user name.</summary>
    public static string AccountName(string name, string email) =>
        email.ToLowerInvariant() is var lower && IsOf(name, email) && AccountDirectory.IsValidName(lower) ? lower : name;

    /// <summary>The user names that a typed text can mean: a name, or an address as it was typed when the user was made.</summary>
    public static IReadOnlyList<string> Meant(string text) => !text.Contains('@', StringComparison.Ordinal)
        ? (IsValid(text) ? [text] : [])
        : [.. new[] { text.ToLowerInvariant(), ToAscii(text)?.ToLowerInvariant() }.OfType<string>().Select(Hash).Distinct(StringComparer.Ordinal)];

    [SuppressMessage("Security", "CA5350", Justification = "Clients name their users so; nothing is secret about it.")]
    private static string Hash(string text) => Base32(SHA1.HashData(Encoding.UTF8.GetBytes(text)));

    private static string? ToAscii(string email)
    {
        try
        {
            return string.Join('@', email.Split('@').Select(static part => Idn.GetAscii(part)));
        }
        catch (ArgumentException)
        {
            return null;
        }
    }

    /// <summary>RFC 4648, in lower case. 20 bytes need no padding.</summary>
    private static string Base32(ReadOnlySpan<byte> bytes)
    {
        var text = new StringBuilder(32);
        var (buffer, bits) = (0, 0);
        foreach (var value in bytes)
        {
            (buffer, bits) = ((buffer << 8) | value, bits + 8);
            for (; bits >= 5; bits -= 5)
            {
                text.Append(Alphabet[(buffer >> (bits - 5)) & 31]);
            }

            buffer &= 31;
        }

        return text.ToString();
    }
}
