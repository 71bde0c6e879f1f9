namespace Lockstep.Gateway.Sync15.TokenServer;

/// <summary>The outcome of verifying an access token.</summary>
public abstract record TokenVerdict
{
    private TokenVerdict()
    {
    }

    public static TokenVerdict NoToken { get; } = new Refused();

    public static TokenVerdict NotNow { get; } = new Unavailable();

    /// <param name="User">The token's user.</param>
    /// <param name="Ends">When it expires, in seconds since the epoch; null where the token does not say.</param>
    public sealed record Accepted(VerifiedUser User, double? Ends = null) : TokenVerdict;

    /// <summary>The token is not valid.</summary>
    public sealed record Refused : TokenVerdict;

    /// <summary>It cannot be verified now: its issuer does not answer, or too many are being verified.</summary>
    public sealed record Unavailable : TokenVerdict;
}
