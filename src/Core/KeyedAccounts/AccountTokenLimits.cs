namespace Lockstep.Core.KeyedAccounts;

/// <summary>
/// How many tokens of a kind an account has at most. When there are more, the client that has most of them loses some, so that none drives out another's; of one client's those go first that were never used
/// again, then those not used for longest.
/// </summary>
/// <param name="Sessions">Sessions.</param>
/// <param name="RefreshTokens">Refresh tokens.</param>
/// <param name="AccessTokens">Access tokens.</param>
/// <param name="Others">Of each other kind, such as codes. Not of app passwords, of which none goes by itself.</param>
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
