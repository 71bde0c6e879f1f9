using System.Buffers;
using System.Globalization;
using Lockstep.Core.Accounts;

namespace Lockstep.Gateway.Accounts;

/// <summary>
/// The stored form of an account's own password: a hash as <see cref="PasswordHash"/> makes it, or one of bcrypt that was imported from Kinto. A bcrypt hash is replaced
/// by one of the first kind when the user signs in with it.
/// </summary>
/// <remarks>Origin: <c>kinto/plugins/accounts/utils.py</c>.</remarks>
public static class AccountPassword
{
    // $2b$12$, then 22 letters of salt and 31 of hash.
    private const int BcryptLength = 60;
    private const int CostAt = 4;
    private const int SaltAt = 7;

    // Each step doubles the time. Kinto has 12.
    private const int MinCost = 4;
    private const int MaxCost = 14;

    private static readonly SearchValues<char> Letters = SearchValues.Create("./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789");

    /// <summary>Whether the account of a stored text can sign in by password at all.</summary>
    public static bool IsOne(string stored) => PasswordHash.IsOne(stored) || IsBcrypt(stored);

    /// <summary>Whether it is a bcrypt hash whose cost is acceptable for one sign-in.</summary>
    public static bool IsBcrypt(string stored) =>
        stored.Length == BcryptLength && stored.AsSpan(0, CostAt) is "$2a$" or "$2b$" or "$2y$"
        && stored[SaltAt - 1] == '$'
        && int.TryParse(stored.AsSpan(CostAt, 2), NumberStyles.None, CultureInfo.InvariantCulture, out var cost) && cost is >= MinCost and <= MaxCost
        && stored.AsSpan(SaltAt).IndexOfAnyExcept(Letters) < 0;

    /// <summary>Compares in constant time. False for a stored text of unknown form.</summary>
    public static bool Verify(string password, string stored) => IsBcrypt(stored) ? BCrypt.Net.BCrypt.Verify(password, stored) : PasswordHash.Verify(password, stored);
}
