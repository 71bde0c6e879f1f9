using Lockstep.Core.Assignments;

namespace Lockstep.Gateway.Sync15.TokenServer;

/// <summary>
/// Whether a request's keys may follow the known keys of a user. A pure function; the order of its rules decides which error a
/// client gets. A number that is 0 was not given, and is not compared.
/// </summary>
internal static class KeyRules
{
    /// <param name="known">The keys of the store in use.</param>
    /// <param name="former">Fingerprints of earlier stores.</param>
    /// <param name="asked">The request's keys.</param>
    /// <returns>The keys that are known from then on, or the error. Neither of the known numbers ever falls.</returns>
    public static (UserKeys Next, TokenError? Error) Judge(UserKeys known, IEnumerable<string> former, UserKeys asked)
    {
        var isOther = !string.Equals(asked.Fingerprint, known.Fingerprint, StringComparison.Ordinal);
        var error = (asked, known) switch
        {
            // (a) The keys changed after the password that the issuer knows of.
            _ when Above(asked.KeysChangedAt, known.KeysChangedAt) && Above(asked.KeysChangedAt, asked.Generation) => TokenError.InvalidKeysChangedAt,

            // (b)
            _ when known.Fingerprint.Length > 0 && asked.Fingerprint.Length == 0 => TokenError.EmptyClientState,

            // (c) A replaced key never comes back.
            _ when isOther && former.Contains(asked.Fingerprint, StringComparer.Ordinal) => TokenError.StaleClientState,

            // (d), (e) A new key comes with a reset, which raises both.
            _ when isOther && asked.Generation > 0 && asked.Generation <= known.Generation => TokenError.ClientStateWithoutGeneration,
            _ when isOther && asked.KeysChangedAt > 0 && asked.KeysChangedAt <= known.KeysChangedAt => TokenError.ClientStateWithoutKeys,

            // (f)
            _ when Above(known.Generation, asked.Generation) => TokenError.InvalidGeneration,

            // (g)
            _ when Above(known.KeysChangedAt, asked.KeysChangedAt) => TokenError.InvalidKeysChangedAt,

            // (h)
            _ when asked.KeysChangedAt == 0 && known.KeysChangedAt > 0 => TokenError.InvalidKeysChangedAt,
            _ => null,
        };
        return (error is null ? Next(known, asked) : known, error);
    }

    private static UserKeys Next(UserKeys known, UserKeys asked)
    {
        var generation = asked.Generation > 0 ? asked.Generation
            : asked.KeysChangedAt > known.KeysChangedAt && asked.KeysChangedAt > known.Generation ? asked.KeysChangedAt
            : known.Generation;
        return new UserKeys(generation, asked.Fingerprint, asked.KeysChangedAt > 0 ? asked.KeysChangedAt : known.KeysChangedAt);
    }

    /// <summary>Whether both numbers were given, and the first is greater.</summary>
    private static bool Above(long value, long other) => other > 0 && value > other;
}
