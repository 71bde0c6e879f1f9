namespace Lockstep.Gateway.OpenId;

/// <summary>How a login ended.</summary>
public abstract record LoginOutcome
{
    private LoginOutcome()
    {
    }

    public static LoginOutcome BadState { get; } = new Refused();

    public static LoginOutcome NoAnswer { get; } = new Unavailable();

    public static LoginOutcome TooMany { get; } = new Busy();

    /// <summary>Its state is not one of this browser's, or not one any more.</summary>
    public sealed record Refused : LoginOutcome;

    /// <summary>The provider did not answer. The login has to be begun anew.</summary>
    public sealed record Unavailable : LoginOutcome;

    /// <summary>Too many end one at the moment. It was not used, and can be ended later.</summary>
    public sealed record Busy : LoginOutcome;

    /// <param name="Callback">Where to go.</param>
    /// <param name="Told">JSON: tokens, or an error.</param>
    public sealed record Ended(string Callback, byte[] Told) : LoginOutcome
    {
        /// <summary>Never shows the tokens.</summary>
        public override string ToString() => nameof(Ended);
    }
}

/// <summary>What a provider sends back beside the state (RFC 6749, 4.1.2).</summary>
/// <param name="Code">Null where there is an error instead.</param>
/// <param name="Issuer">Who it says it is; null where it does not.</param>
/// <param name="Error">Its name.</param>
/// <param name="Description">Of the error, for people; null for none.</param>
public sealed record LoginReturn(string? Code, string? Issuer, string? Error, string? Description)
{
    /// <summary>Never shows the code.</summary>
    public override string ToString() => nameof(LoginReturn);
}
