using System.Text;

namespace Lockstep.Gateway.OpenId;

/// <summary>The credentials of this server at a provider.</summary>
internal sealed class ClientCredentials
{
    private readonly OpenIdProviderOptions options;
    private readonly string? secret;

    /// <exception cref="IOException">The file with the secret cannot be read.</exception>
    public ClientCredentials(OpenIdProviderOptions options)
    {
        this.options = options;
        secret = options.ClientSecretFile is { } file ? File.ReadAllText(file).Trim() : options.ClientSecret;
    }

    /// <summary>The header <c>Authorization</c> with which a form is sent; null for none. Both parts are escaped before they are joined (RFC 6749, 2.3.1).</summary>
    public string? Header => secret is null || options.ClientAuthentication is ClientAuthentication.Post
        ? null
        : "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes($"{Escape(options.ClientId!)}:{Escape(secret)}"));

    /// <summary>Form fields in place of the header, or in addition to it.</summary>
    public IEnumerable<KeyValuePair<string, string>> Form()
    {
        if (Header is null)
        {
            yield return KeyValuePair.Create("client_id", options.ClientId!);
            if (secret is not null)
            {
                yield return KeyValuePair.Create("client_secret", secret);
            }
        }
    }

    private static string Escape(string text) => Uri.EscapeDataString(text).Replace("%20", "+", StringComparison.Ordinal);
}
