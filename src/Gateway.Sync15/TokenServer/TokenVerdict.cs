namespace Lockstep.Gateway.Sync15.TokenServer;

/// <summary>What an access token is worth.</summary>
public abstract record TokenVerdict
{
    private TokenVerdict()
    {
    }

    public static TokenVerdict NoToken { get; } = new Refused();

    public static TokenVerdict NotNow { get; } = new Unavailable();

    /// <param name="User">Whose it is.</param>
    /// <param name="Ends">Seconds since the epoch until which that holds; null where the token does not say it.</param>
    public sealed record Accepted(VerifiedUser User, double? Ends = null) : TokenVerdict;

    /// <summary>Nothing.</summary>
    public sealed record Refused : TokenVerdict;

    /// <summary>It cannot be said now: its issuer does not answer, or too many are being verified.</summary>
    public sealed record Unavailable : TokenVerdict;
}
