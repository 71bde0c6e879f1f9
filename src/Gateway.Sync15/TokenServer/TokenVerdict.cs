namespace Lockstep.Gateway.Sync15.TokenServer;

/// <summary>What an access token is worth.</summary>
internal abstract record TokenVerdict
{
    private TokenVerdict()
    {
    }

    public static TokenVerdict NoToken { get; } = new Refused();

    public static TokenVerdict NotNow { get; } = new Unavailable();

    public sealed record Accepted(VerifiedUser User) : TokenVerdict;

    /// <summary>Nothing.</summary>
    public sealed record Refused : TokenVerdict;

    /// <summary>It cannot be said now: its issuer does not answer, or too many are being verified.</summary>
    public sealed record Unavailable : TokenVerdict;
}
