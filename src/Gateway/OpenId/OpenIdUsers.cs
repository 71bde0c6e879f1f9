using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Lockstep.Core.Permissions;
using Lockstep.Core.Records;
using Lockstep.Gateway.Accounts;
using Lockstep.Gateway.Federation;
using Lockstep.Gateway.Http;

namespace Lockstep.Gateway.OpenId;

/// <summary>
/// Maps a provider's claims to a user of this server: <c>name:sub</c>. Account names contain no colon, and no provider is called
/// <c>account</c>, so that the two cannot be confused.
/// </summary>
internal sealed class OpenIdUsers(OpenIdProviderOptions options, AccountSecret secret)
{
    private const int MaxIdLength = 255;
    private const int MaxProfileLength = 255;

    private static readonly string[] Profile = ["sub", "name", "preferred_username", "email"];

    private readonly string[] scopes = options.RequiredScopes.Split(' ', StringSplitOptions.RemoveEmptyEntries);
    private readonly Regex[] allowed = [.. options.AllowedUsers.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(pattern => Pattern(pattern, options))];

    /// <summary>Id of their personal bucket. It is derived from their principal, so that it can be found when the provider is gone.</summary>
    public static string DefaultBucketOf(string principal, AccountSecret secret) =>
        new Guid(HMACSHA256.HashData(secret.Value.Span, Encoding.UTF8.GetBytes($"default bucket of openid {principal}")).AsSpan(0, 16)).ToString();

    /// <param name="claims">The verified claims of a token, or of the answer about one.</param>
    /// <returns>Either the user or a refusal.</returns>
    public (Principal? Principal, string Fault) Read(JsonElement claims)
    {
        if (Claims.Text(claims, options.UserIdField) is not { Length: > 0 and <= MaxIdLength } id || id.Any(char.IsControl) || $"{options.Name}:{id}" is var principal && !PrincipalText.IsPossible(principal))
        {
            return (null, "it names no user");
        }

        if (options.UserIdField is "email" && !(claims.TryGetProperty("email_verified", out var verified) && verified.ValueKind == JsonValueKind.True))
        {
            return (null, "its e-mail address is not verified");
        }

        if (!Array.TrueForAll(scopes, scope => Has(claims, "scope", scope) || Has(claims, "scp", scope)))
        {
            return (null, "it has not the scopes of RequiredScopes");
        }

        return Array.Exists(allowed, pattern => pattern.IsMatch(id))
            ? (new Principal(principal, principal, DefaultBucketOf(principal, secret)) { Profile = ProfileOf(claims) }, "")
            : (null, "its user is not one of AllowedUsers");
    }

    /// <summary>One text with blanks in it, or a list.</summary>
    private static bool Has(JsonElement claims, string name, string scope) => claims.TryGetProperty(name, out var value) && (value.ValueKind == JsonValueKind.Array
        ? Claims.Has(claims, name, scope)
        : (JsonText.Read(value) ?? "").Split(' ').Contains(scope, StringComparer.Ordinal));

    /// <summary>Only the star has a meaning. Letters of addresses match in either case.</summary>
    private static Regex Pattern(string text, OpenIdProviderOptions options) => new(
        $"^{string.Join(".*", text.Split('*').Select(Regex.Escape))}\\z",
        RegexOptions.CultureInvariant | RegexOptions.NonBacktracking | RegexOptions.Singleline | (options.UserIdField is "email" ? RegexOptions.IgnoreCase : RegexOptions.None),
        TimeSpan.FromSeconds(1));

    private static Dictionary<string, string> ProfileOf(JsonElement claims) => Profile
        .Select(name => KeyValuePair.Create(name, Claims.Text(claims, name)))
        .Where(static claim => claim.Value is { Length: <= MaxProfileLength })
        .ToDictionary(static claim => claim.Key, static claim => claim.Value!, StringComparer.Ordinal);
}
