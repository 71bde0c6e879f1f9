namespace Lockstep.Gateway.FirefoxAccounts;

/// <summary>A client that is not built in.</summary>
public sealed record OAuthClientOptions
{
    /// <summary>What it calls itself in requests. Default: none.</summary>
    public string Id { get; init; } = "";

    /// <summary>What people are told. Default: its id.</summary>
    public string? Name { get; init; }

    /// <summary>URLs that codes are sent to, separated by blanks; each counts exactly as it is spelled. Default: none.</summary>
    public string RedirectUris { get; init; } = "";

    /// <summary>Scopes that it may have, separated by blanks. Default: profile.</summary>
    public string Scopes { get; init; } = "profile";
}
