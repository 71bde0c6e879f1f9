using Lockstep.Core.Time;

namespace Lockstep.Core.KeyedAccounts;

/// <summary>A secret that opens something of an account. The secret itself is not stored.</summary>
/// <param name="Digest">SHA-256 of the secret, hex.</param>
/// <param name="Kind">What it opens.</param>
/// <param name="Account">Number of the account.</param>
public sealed record AccountToken(string Digest, AccountTokenKind Kind, long Account)
{
    /// <summary>Digest of the token that it was derived from, and with which it ends; null for none.</summary>
    public string? Parent { get; init; }

    /// <summary>Names the sign-in that it belongs to: sessions and refresh tokens of one sign-in end together. Null for a sign-in of its own.</summary>
    public string? Family { get; init; }

    /// <summary>The client that it was given to; empty for none.</summary>
    public string Client { get; init; } = "";

    /// <summary>Separated by blanks.</summary>
    public string Scope { get; init; } = "";

    /// <summary>Data that must be read back, encrypted; null for none.</summary>
    public string? Sealed { get; init; }

    /// <summary>Other data of its protocol; empty for none.</summary>
    public string Data { get; init; } = "";

    public required ServerTimestamp Created { get; init; }

    /// <summary>From then on it counts as absent.</summary>
    public required ServerTimestamp Expires { get; init; }

    /// <summary>Last recorded use; <see cref="Created"/> for none. Where there are too many tokens, unused ones are removed first.</summary>
    public required ServerTimestamp Used { get; init; }
}
