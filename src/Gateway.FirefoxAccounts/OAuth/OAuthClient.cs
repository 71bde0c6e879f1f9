namespace Lockstep.Gateway.FirefoxAccounts.OAuth;

/// <summary>Who may ask for tokens.</summary>
/// <param name="Id">What it calls itself.</param>
/// <param name="Name">What people are told.</param>
/// <param name="IsBuiltIn">Firefox itself: it gets codes and keys through the page that it has opened, never by a redirect.</param>
/// <param name="RedirectUris">Where codes are sent; exact.</param>
/// <param name="Scopes">What it may have.</param>
internal sealed record OAuthClient(string Id, string Name, bool IsBuiltIn, IReadOnlyList<string> RedirectUris, IReadOnlyList<string> Scopes)
{
    /// <summary>The redirect of clients that take their code from the page.</summary>
    public const string OutOfBand = "urn:ietf:wg:oauth:2.0:oob:oauth-redirect-webchannel";
}
