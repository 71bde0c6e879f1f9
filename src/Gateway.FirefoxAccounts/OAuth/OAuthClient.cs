namespace Lockstep.Gateway.FirefoxAccounts.OAuth;

/// <summary>A client that may ask for tokens.</summary>
/// <param name="Id">Its id in requests.</param>
/// <param name="Name">The name that users see.</param>
/// <param name="IsBuiltIn">Whether it is Firefox itself. It gets codes and keys through the page that it has opened, never by a redirect.</param>
/// <param name="RedirectUris">Where codes may be sent. Compared exactly.</param>
/// <param name="Scopes">The scopes that it may have.</param>
internal sealed record OAuthClient(string Id, string Name, bool IsBuiltIn, IReadOnlyList<string> RedirectUris, IReadOnlyList<string> Scopes)
{
    /// <summary>The redirect of clients that take their code from the page.</summary>
    public const string OutOfBand = "urn:ietf:wg:oauth:2.0:oob:oauth-redirect-webchannel";
}
