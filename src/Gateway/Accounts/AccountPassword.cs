using System.Buffers;
using System.Globalization;
using Lockstep.Core.Accounts;

namespace Lockstep.Gateway.Accounts;

/// <summary>
/// What an account has of its own password: a hash as <see cref="PasswordHash"/> makes it, or one of bcrypt that came with an import from Kinto. The latter becomes one of the former when somebody signs in with it.
/// </summary>
/// <remarks>Origin: <c>kinto/plugins/accounts/utils.py</c>.</remarks>
public static class AccountPassword
{
    // $2b$12$, then 22 letters of salt and 31 of hash.
    private const int BcryptLength = 60;
    private const int CostAt = 4;
    private const int SaltAt = 7;

    // Each one more takes twice as long. Kinto has 12.
    private const int MinCost = 4;
    private const int MaxCost = 14;

    private static readonly SearchValues<char> Letters = SearchValues.Create("./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789");

    /// <summary>Whether somebody can sign in whose account has this in place of a password.</summary>
    public static bool IsOne(string stored) => PasswordHash.IsOne(stored) || IsBcrypt(stored);

    /// <summary>Whether it is of bcrypt, with a cost that one sign-in may have.</summary>
    public static bool IsBcrypt(string stored) =>
        stored.Length == BcryptLength && stored.AsSpan(0, CostAt) is "$2a$" or "$2b$" or "$2y$"
        && stored[SaltAt - 1] == '$'
        && int.TryParse(stored.AsSpan(CostAt, 2), NumberStyles.None, CultureInfo.InvariantCulture, out var cost) && cost is >= MinCost and <= MaxCost
        && stored.AsSpan(SaltAt).IndexOfAnyExcept(Letters) < 0;

    /// <summary>Compares in constant time. False for a stored text that is none of ours.</summary>
    public static bool Verify(string password, string stored) => IsBcrypt(stored) ? BCrypt.Net.BCrypt.Verify(password, stored) : PasswordHash.Verify(password, stored);
}
