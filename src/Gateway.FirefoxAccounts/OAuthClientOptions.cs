namespace Lockstep.Gateway.FirefoxAccounts;

/// <summary>A client that is not built in.</summary>
public sealed record OAuthClientOptions
{
    /// <summary>Its id in requests. Default: none.</summary>
    public string Id { get; init; } = "";

    /// <summary>The name that users see. Default: its id.</summary>
    public string? Name { get; init; }

    /// <summary>URLs that codes are sent to, separated by spaces. Each is compared exactly. Default: none.</summary>
    public string RedirectUris { get; init; } = "";

    /// <summary>The scopes that it may have, separated by spaces. Default: profile.</summary>
    public string Scopes { get; init; } = "profile";
}
