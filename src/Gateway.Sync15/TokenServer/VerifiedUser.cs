using Lockstep.Core.Assignments;

namespace Lockstep.Gateway.Sync15.TokenServer;

/// <summary>Whom an access token is of.</summary>
/// <param name="Identity">Issuer and account.</param>
/// <param name="Generation">Of the password, as the issuer says; 0: not said.</param>
/// <param name="Email">An address of which the issuer says that it is verified; null for none.</param>
public sealed record VerifiedUser(UserIdentity Identity, long Generation, string? Email)
{
    /// <summary>Number of the account, where it is one of this server. Default: none.</summary>
    public long? Account { get; init; }

    /// <summary>The greatest number that JSON carries everywhere. What is above is no time, and the end of a user here.</summary>
    public const long MaxNumber = (1L << 53) - 1;
}
