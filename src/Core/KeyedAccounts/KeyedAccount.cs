using Lockstep.Core.Accounts;
using Lockstep.Core.Time;

namespace Lockstep.Core.KeyedAccounts;

/// <summary>
/// An account whose password also guards a key that the server never sees. It is an account like others: its number finds all its data.
/// But no password is compared with its hash directly.
/// </summary>
/// <param name="Account">Number, name and hash. The name is the address in lower case.</param>
/// <param name="Uid">Names the account to its own devices; random, never given again.</param>
/// <param name="Email">The address as it was typed.</param>
public sealed record KeyedAccount(Account Account, string Uid, string Email)
{
    /// <summary>Whether the user has proved that the address is theirs, or no proof is required.</summary>
    public bool IsEmailVerified { get; init; }

    /// <summary>The salt with which clients stretch the password; empty for the old form, which uses the address.</summary>
    public string ClientSalt { get; init; } = "";

    /// <summary>The server's half of the key, encrypted under a key derived from the password.</summary>
    public required string WrappedKey { get; init; }

    /// <summary>Rises with each change of the password, ms.</summary>
    public required long Generation { get; init; }

    /// <summary>When the key was made, ms. Stays the same as long as the key does.</summary>
    public required long KeysChangedAt { get; init; }

    /// <summary>When the account was made.</summary>
    public required ServerTimestamp Created { get; init; }

    /// <summary>Secret of the second factor, encrypted; null for none.</summary>
    public string? TotpSecret { get; init; }

    /// <summary>Whether the second factor is active, not only being set up.</summary>
    public bool IsTotpOn { get; init; }

    /// <summary>The step of the last accepted code: no code is accepted twice.</summary>
    public long TotpStep { get; init; }

    /// <summary>Digests of the recovery codes for the second factor, separated by blanks.</summary>
    public string RecoveryCodes { get; init; } = "";

    /// <summary>Digest of the recovery key's proof; null for none.</summary>
    public string? RecoveryKey { get; init; }

    /// <summary>The data that the recovery key opens, as the client gave it.</summary>
    public string? RecoveryData { get; init; }

    /// <summary>When the recovery key was made, ms; 0 for none.</summary>
    public long RecoverySince { get; init; }

    /// <summary>Rises with each change of the account. A change is only done if the revision is still the one that was read.</summary>
    public long Revision { get; init; }
}
