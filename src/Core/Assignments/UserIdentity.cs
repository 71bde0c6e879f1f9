namespace Lockstep.Core.Assignments;

/// <summary>Somebody whom another server vouches for. One issuer cannot speak for the users of another.</summary>
/// <param name="Issuer">Who vouches, as the settings name it.</param>
/// <param name="Subject">Whom the issuer means. Never given to another user by the same issuer.</param>
public readonly record struct UserIdentity(string Issuer, string Subject)
{
    /// <summary>The issuer of accounts that this server has itself. No setting names one so.</summary>
    public const string Local = "local";
}
