using System.Text.RegularExpressions;
using Lockstep.Core.Settings;
using Lockstep.Gateway.Federation;

namespace Lockstep.Gateway.OpenId;

/// <summary>A provider whose users may sign in, such as Keycloak or Google: any that supports OpenID Connect.</summary>
public sealed partial record OpenIdProviderOptions
{
    public const string Bearer = "Bearer";

    // Accounts of this server, and other prefixes of principals.
    private static readonly string[] Taken = ["account", "system", "syncto"];

    /// <summary>The prefix of its users' principals, <c>name:sub</c>, and part of the login's path. Never change it, nor its issuer. Default: none.</summary>
    public string Name { get; init; } = "";

    /// <summary>Its URL, as in the claim <c>iss</c> of its tokens. <c>/.well-known/openid-configuration</c> is below it. Default: none.</summary>
    public string Issuer { get; init; } = "";

    /// <summary>The id of this server, or of the application, at the provider. Default: none, and there is no login.</summary>
    public string? ClientId { get; init; }

    /// <summary>The secret for that id. Default: none; the login uses PKCE alone.</summary>
    [Secret]
    public string? ClientSecret { get; init; }

    /// <summary>File with the secret, instead of the setting. Default: none.</summary>
    public string? ClientSecretFile { get; init; }

    /// <summary>How the secret is sent. Default: Basic.</summary>
    public ClientAuthentication ClientAuthentication { get; init; } = ClientAuthentication.Basic;

    /// <summary>The value that tokens must have in <c>aud</c>; a login requests it. Default: none, and signed tokens are refused.</summary>
    public string? Audience { get; init; }

    /// <summary>Scopes that a token must have, separated by blanks. Default: none.</summary>
    public string RequiredScopes { get; init; } = "";

    /// <summary>How unsigned tokens are treated. Default: Refused.</summary>
    public OpaqueTokens OpaqueTokens { get; init; } = OpaqueTokens.Refused;

    /// <summary>The claim that identifies a user. With <c>email</c> only a verified address counts. Default: sub.</summary>
    public string UserIdField { get; init; } = "sub";

    /// <summary>Who may come in: values of that claim, separated by commas, with <c>*</c> for any text. Default: <c>*</c>, all of the provider's users.</summary>
    public string AllowedUsers { get; init; } = "*";

    /// <summary>The first word of <c>Authorization</c>. Default: Bearer.</summary>
    public string HeaderType { get; init; } = Bearer;

    /// <summary>
    /// URLs of the applications that a login may lead back to, separated by blanks: with path, without fragment, compared exactly. Default: none, and
    /// there is no login.
    /// </summary>
    public string Callbacks { get; init; } = "";

    /// <summary>Whether there is a login.</summary>
    public bool HasLogin => ClientId is { Length: > 0 } && CallbackList().Count > 0;

    /// <summary>Never shows the secret.</summary>
    public override string ToString() => Name;

    internal IReadOnlyList<string> CallbackList() => Callbacks.Split(' ', StringSplitOptions.RemoveEmptyEntries);

    /// <param name="setting">Its name: <c>OpenId:Providers:1</c>.</param>
    /// <returns>What is wrong, and the fix.</returns>
    internal IEnumerable<string> Problems(string setting)
    {
        if (!Names().IsMatch(Name) || Taken.Contains(Name, StringComparer.Ordinal))
        {
            yield return $"{setting}:Name is '{Name}'. Use up to 32 lower-case letters, digits and dashes, beginning with a letter, and not {string.Join(", ", Taken)}.";
        }

        if (!SafeUrl.IsOne(Issuer))
        {
            yield return $"{setting}:Issuer is '{Issuer}'. Use the provider's URL with https; http only for this machine.";
        }

        if (Audience is not { Length: > 0 } && OpaqueTokens is OpaqueTokens.Refused)
        {
            yield return $"{setting} has no way to verify tokens. Set {setting}:Audience, which signed ones must have in 'aud', or {setting}:OpaqueTokens.";
        }

        if (OpaqueTokens is OpaqueTokens.Introspection && (ClientId is not { Length: > 0 } || (ClientSecret is null && ClientSecretFile is null)))
        {
            yield return $"{setting}:OpaqueTokens is Introspection, which needs {setting}:ClientId and {setting}:ClientSecret or {setting}:ClientSecretFile.";
        }

        if (ClientSecret is not null && ClientSecretFile is not null)
        {
            yield return $"{setting}:ClientSecret and {setting}:ClientSecretFile are both set. Use one.";
        }

        if (ClientSecretFile is not null && !File.Exists(ClientSecretFile))
        {
            yield return $"{setting}:ClientSecretFile is '{ClientSecretFile}', which is no file that can be read.";
        }

        if (UserIdField.Length == 0)
        {
            yield return $"{setting}:UserIdField is empty. Use sub.";
        }

        if (!Words().IsMatch(HeaderType) || HeaderType.Equals("Basic", StringComparison.OrdinalIgnoreCase))
        {
            yield return $"{setting}:HeaderType is '{HeaderType}'. Use one word such as {Bearer}, and not Basic.";
        }

        foreach (var callback in CallbackList().Where(static callback => !SafeUrl.IsOne(callback) || callback.Contains('#', StringComparison.Ordinal)))
        {
            yield return $"{setting}:Callbacks has '{callback}'. Use URLs with https, without a fragment; http only for this machine.";
        }

        if (CallbackList().Count > 0 && ClientId is not { Length: > 0 })
        {
            yield return $"{setting}:Callbacks is set and {setting}:ClientId is not. A login needs both.";
        }
    }

    [GeneratedRegex("^[a-z][a-z0-9-]{0,31}$(?<!\n)", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Names();

    [GeneratedRegex("^[A-Za-z][A-Za-z0-9+._-]{0,31}$(?<!\n)", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Words();
}
