namespace Lockstep.Core.KeyedAccounts;

/// <summary>
/// How many tokens of a kind an account has at most. When there are more, the client with the most tokens loses some, so that no client drives out another's tokens. Of that client's tokens those that were never
/// used again are removed first, then those that were used longest ago.
/// </summary>
/// <param name="Sessions">Sessions.</param>
/// <param name="RefreshTokens">Refresh tokens.</param>
/// <param name="AccessTokens">Access tokens.</param>
/// <param name="Others">Tokens of each other kind, such as codes. App passwords are exempt: none is removed by itself.</param>
public sealed record AccountTokenLimits(int Sessions, int RefreshTokens, int AccessTokens, int Others)
{
    public int Of(AccountTokenKind kind) => kind switch
    {
        AccountTokenKind.Session => Sessions,
        AccountTokenKind.Refresh => RefreshTokens,
        AccountTokenKind.Access => AccessTokens,
        AccountTokenKind.AppPassword => int.MaxValue,
        _ => Others,
    };
}
