using Lockstep.Gateway.FirefoxAccounts.Accounts;

namespace Lockstep.Gateway.FirefoxAccounts.OAuth;

/// <summary>The scopes of tokens.</summary>
internal static class Scopes
{
    public const string Sync = AccountHandlers.SyncScope;
    public const string Session = "https://identity.mozilla.com/tokens/session";
    public const string Profile = "profile";
    public const string Kinto = "kinto";

    private static readonly string[] OfProfile = [Profile, "profile:uid", "profile:email", "profile:display_name", "profile:avatar", "profile:write"];

    /// <summary>All known scopes except the scope of sessions, which belongs to no resource.</summary>
    public static IReadOnlyList<string> All { get; } = [Sync, .. OfProfile, Kinto];

    /// <summary>The scopes that Firefox may have.</summary>
    public static IReadOnlyList<string> OfFirefox { get; } = [Sync, .. OfProfile, Session];

    public static IReadOnlyList<string> Split(string text) => [.. text.Split(' ', StringSplitOptions.RemoveEmptyEntries).Distinct(StringComparer.Ordinal)];

    public static string Join(IEnumerable<string> scopes) => string.Join(' ', scopes);

    public static bool IsOfProfile(string scope) => OfProfile.Contains(scope, StringComparer.Ordinal);

    /// <summary>Whether Firefox may have tokens for these scopes for hours.</summary>
    public static bool AreOfFirefox(IEnumerable<string> scopes) => scopes.All(static scope => scope is Sync || IsOfProfile(scope));

    /// <summary>The audiences (<c>aud</c>) of a token with these scopes.</summary>
    /// <param name="origin">The server's URL.</param>
    /// <param name="scopes">The token's scopes.</param>
    public static IReadOnlyList<string> Audiences(string origin, IReadOnlyList<string> scopes)
    {
        var audiences = new List<string>();
        if (scopes.Contains(Sync, StringComparer.Ordinal))
        {
            audiences.Add(origin + "/token");
        }

        if (scopes.Any(IsOfProfile))
        {
            audiences.Add(origin + "/profile");
        }

        if (scopes.Contains(Kinto, StringComparer.Ordinal))
        {
            audiences.Add(origin + "/v1");
        }

        return audiences;
    }
}
