using Lockstep.Core.Accounts;
using Lockstep.Core.Time;

namespace Lockstep.Core.KeyedAccounts;

/// <summary>
/// An account whose password also guards a key that the server never sees. It is an account like others, by whose number all that is its own is found;
/// its hash is one that no password is compared with directly.
/// </summary>
/// <param name="Account">Number, name and hash. The name is the address in lower case.</param>
/// <param name="Uid">Names it to its own devices; random, never given again.</param>
/// <param name="Email">The address as it was typed.</param>
public sealed record KeyedAccount(Account Account, string Uid, string Email)
{
    /// <summary>Whether it was shown that the address is theirs, or nobody asks for that.</summary>
    public bool IsEmailVerified { get; init; }

    /// <summary>What clients stretch the password with; empty for the old form, which takes the address.</summary>
    public string ClientSalt { get; init; } = "";

    /// <summary>The half of the key that the server keeps, encrypted under what follows from the password.</summary>
    public required string WrappedKey { get; init; }

    /// <summary>Rises with each change of the password, ms.</summary>
    public required long Generation { get; init; }

    /// <summary>When the key was made, ms. Never changes for a key.</summary>
    public required long KeysChangedAt { get; init; }

    /// <summary>When the account was made.</summary>
    public required ServerTimestamp Created { get; init; }

    /// <summary>Secret of the second factor, encrypted; null for none.</summary>
    public string? TotpSecret { get; init; }

    /// <summary>Whether the second factor is in force, and not only being set up.</summary>
    public bool IsTotpOn { get; init; }

    /// <summary>The step of the last code that was taken: none is taken twice.</summary>
    public long TotpStep { get; init; }

    /// <summary>Digests of the codes that stand in for the second factor, separated by blanks.</summary>
    public string RecoveryCodes { get; init; } = "";

    /// <summary>Digest of what proves the recovery key; null for none.</summary>
    public string? RecoveryKey { get; init; }

    /// <summary>What the recovery key opens, as the client gave it.</summary>
    public string? RecoveryData { get; init; }

    /// <summary>When the recovery key was made, ms; 0 for none.</summary>
    public long RecoverySince { get; init; }

    /// <summary>Rises with each change of the account. A change is made from what was read, or not at all.</summary>
    public long Revision { get; init; }
}
