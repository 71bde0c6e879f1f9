namespace Lockstep.Gateway.FirefoxAccounts.OAuth;

/// <summary>All clients: Firefox for desktop, Android and iOS, and those of the settings.</summary>
internal sealed class OAuthClients(FirefoxAccountOptions options)
{
    private readonly Dictionary<string, OAuthClient> byId = Firefoxes().Concat(options.Clients.Values.Select(Read)).GroupBy(static client => client.Id, StringComparer.Ordinal)
        .ToDictionary(static group => group.Key, static group => group.First(), StringComparer.Ordinal);

    /// <returns>Null when there is none.</returns>
    public OAuthClient? Find(string id) => byId.GetValueOrDefault(id);

    /// <summary>Whether pages of an origin may call: only the origins to which a client's codes are sent may.</summary>
    public bool HasOrigin(string origin) => byId.Values.Any(client => client.RedirectUris.Any(redirect =>
        Uri.TryCreate(redirect, UriKind.Absolute, out var url) && string.Equals(url.GetLeftPart(UriPartial.Authority), origin, StringComparison.OrdinalIgnoreCase)));

    private static IEnumerable<OAuthClient> Firefoxes() => new[] { ("5882386c6d801776", "Firefox"), ("a2270f727f45f648", "Firefox for Android"), ("1b1a3e44c54fbb58", "Firefox for iOS") }
        .Select(static client => new OAuthClient(client.Item1, client.Item2, IsBuiltIn: true, [OAuthClient.OutOfBand], Scopes.OfFirefox));

    private static OAuthClient Read(OAuthClientOptions client) => new(
        client.Id, client.Name ?? client.Id, IsBuiltIn: false, client.RedirectUris.Split(' ', StringSplitOptions.RemoveEmptyEntries), Scopes.Split(client.Scopes));
}
