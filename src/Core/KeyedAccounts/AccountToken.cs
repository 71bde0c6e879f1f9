using Lockstep.Core.Time;

namespace Lockstep.Core.KeyedAccounts;

/// <summary>Something secret that opens something of an account. The secret itself is kept nowhere.</summary>
/// <param name="Digest">SHA-256 of the secret, hex.</param>
/// <param name="Kind">What it opens.</param>
/// <param name="Account">Number of the account.</param>
public sealed record AccountToken(string Digest, AccountTokenKind Kind, long Account)
{
    /// <summary>Digest of the token that it came from, and goes with; null for none.</summary>
    public string? Parent { get; init; }

    /// <summary>Names the sign-in that it belongs to: sessions and refresh tokens of one end together. Null for a sign-in of its own.</summary>
    public string? Family { get; init; }

    /// <summary>The client that it was given to; empty for none.</summary>
    public string Client { get; init; } = "";

    /// <summary>Separated by blanks.</summary>
    public string Scope { get; init; } = "";

    /// <summary>What must be read back of it, encrypted; null for nothing.</summary>
    public string? Sealed { get; init; }

    /// <summary>What else belongs to it, of its protocol; empty for nothing.</summary>
    public string Data { get; init; } = "";

    public required ServerTimestamp Created { get; init; }

    /// <summary>From then on it is as if it were not there.</summary>
    public required ServerTimestamp Expires { get; init; }

    /// <summary>Last use, as far as it is noted; as <see cref="Created"/> for none. Those without one go first where there are too many.</summary>
    public required ServerTimestamp Used { get; init; }
}
