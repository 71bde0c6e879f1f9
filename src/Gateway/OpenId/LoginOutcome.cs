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

    /// <summary>Its state does not belong to this browser, or no longer.</summary>
    public sealed record Refused : LoginOutcome;

    /// <summary>The provider did not answer. The login has to start again.</summary>
    public sealed record Unavailable : LoginOutcome;

    /// <summary>Too many logins are being finished at the moment. This one was not used, and can be finished later.</summary>
    public sealed record Busy : LoginOutcome;

    /// <param name="Callback">Where to go.</param>
    /// <param name="Told">JSON: tokens, or an error.</param>
    public sealed record Ended(string Callback, byte[] Told) : LoginOutcome
    {
        /// <summary>Never shows the tokens.</summary>
        public override string ToString() => nameof(Ended);
    }
}

/// <summary>The provider's response beside the state (RFC 6749, 4.1.2).</summary>
/// <param name="Code">Null where there is an error instead.</param>
/// <param name="Issuer">The issuer that it names; null where it names none.</param>
/// <param name="Error">The error's name.</param>
/// <param name="Description">The error's description for people; null for none.</param>
public sealed record LoginReturn(string? Code, string? Issuer, string? Error, string? Description)
{
    /// <summary>Never shows the code.</summary>
    public override string ToString() => nameof(LoginReturn);
}
