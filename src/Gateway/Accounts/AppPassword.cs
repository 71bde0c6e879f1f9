using System.Buffers;
using System.Security.Cryptography;
using System.Text;

namespace Lockstep.Gateway.Accounts;

/// <summary>A password for one client, made by the server: 160 random bits. Only its digest is kept.</summary>
public static class AppPassword
{
    private const string Prefix = "lsp_";
    private const int Length = 32;
    private const string Letters = "abcdefghijklmnopqrstuvwxyz234567";

    private static readonly SearchValues<char> Searched = SearchValues.Create(Letters);

    /// <summary>A new one: <c>lsp_</c> and 32 letters and digits.</summary>
    public static string New() => Prefix + RandomNumberGenerator.GetString(Letters, Length);

    /// <summary>Whether a text has the form of one. A password that a user chose is mistaken for one only if it has this form, and then it opens nothing.</summary>
    public static bool IsOne(string password) =>
        password.Length == Prefix.Length + Length && password.StartsWith(Prefix, StringComparison.Ordinal) && !password.AsSpan(Prefix.Length).ContainsAnyExcept(Searched);

    /// <summary>SHA-256, hex.</summary>
    public static string DigestOf(string password) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(password)));
}
