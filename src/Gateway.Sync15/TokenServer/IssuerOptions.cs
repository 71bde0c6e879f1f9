using Lockstep.Core.Assignments;
using Lockstep.Gateway.Federation;

namespace Lockstep.Gateway.Sync15.TokenServer;

/// <summary>An account server whose access tokens open Sync.</summary>
public sealed record IssuerOptions
{
    /// <summary>Mozilla's account server, which needs no other setting.</summary>
    public const string Mozilla = "https://accounts.firefox.com";

    private const string MozillaJwks = "https://oauth.accounts.firefox.com/v1/jwks";
    private const string MozillaVerify = "https://oauth.accounts.firefox.com/v1/verify";

    /// <summary>The value of <c>iss</c> in its tokens, which identifies its users here: never change it. Default: none, and no tokens are given out.</summary>
    public string Name { get; init; } = "";

    /// <summary>URL of the keys (JWK set) that its tokens are signed with. Default: none; for Mozilla's account server, Mozilla's.</summary>
    public string? JwksUrl { get; init; }

    /// <summary>File with the keys (JWK set), instead of a URL. Default: none.</summary>
    public string? KeysFile { get; init; }

    /// <summary>
    /// URL that tells the user of a token: <c>POST {"token":…}</c>, for tokens that are not signed, or whose keys are not known. Only one
    /// issuer can have it. Default: none; for Mozilla's account server, Mozilla's.
    /// </summary>
    public string? VerifyUrl { get; init; }

    /// <summary>The value that tokens must have in <c>aud</c>. Default: none, and <c>aud</c> is not checked.</summary>
    public string? Audience { get; init; }

    /// <summary>Ids of accounts (<c>sub</c>) that may come in where <c>Sync15:Registration</c> is AllowList, separated by commas. Default: none.</summary>
    public string AllowedUsers { get; init; } = "";

    /// <summary>
    /// The same for e-mail addresses, with <c>*</c> for any text: <c>*@example.org</c>. Only an address that the issuer has verified
    /// counts; an issuer that sends no address has none. Default: none.
    /// </summary>
    public string AllowedEmails { get; init; } = "";

    /// <summary>The value that its account events must have in <c>aud</c>. Default: none, and events are refused.</summary>
    public string? EventsAudience { get; init; }

    public bool IsOn => Name.Length > 0;

    /// <summary>Fills in the known values of Mozilla's account server where no others are set.</summary>
    internal IssuerOptions Complete() => string.Equals(Name, Mozilla, StringComparison.Ordinal) && JwksUrl is null && KeysFile is null && VerifyUrl is null
        ? this with { JwksUrl = MozillaJwks, VerifyUrl = MozillaVerify }
        : this;

    /// <param name="setting">Its name: <c>Sync15:Issuer</c>.</param>
    /// <returns>What is wrong, and the fix.</returns>
    internal IEnumerable<string> Problems(string setting)
    {
        if (!IsOn)
        {
            if (this != new IssuerOptions())
            {
                yield return $"{setting}:Name is not set. It is what the tokens of this account server say in 'iss', for example {Mozilla}.";
            }

            yield break;
        }

        if (string.Equals(Name, UserIdentity.Local, StringComparison.Ordinal))
        {
            yield return $"{setting}:Name is '{Name}', which is how accounts of this server itself are known.";
        }

        var complete = Complete();
        if (complete is { JwksUrl: null, KeysFile: null, VerifyUrl: null })
        {
            yield return $"{setting} has no way to verify tokens. Set {setting}:JwksUrl, {setting}:KeysFile or {setting}:VerifyUrl.";
        }

        if (JwksUrl is not null && KeysFile is not null)
        {
            yield return $"{setting}:JwksUrl and {setting}:KeysFile are both set. Use one: keys in a file are not looked for elsewhere.";
        }

        foreach (var (name, url) in new[] { ("JwksUrl", JwksUrl), ("VerifyUrl", VerifyUrl) })
        {
            if (url is not null && !SafeUrl.IsOne(url))
            {
                yield return $"{setting}:{name} is '{url}'. Use a URL with https; http only for this machine, as in http://127.0.0.1:9000/v1/verify.";
            }
        }

        if (KeysFile is not null && !File.Exists(KeysFile))
        {
            yield return $"{setting}:KeysFile is '{KeysFile}', which is no file that can be read.";
        }
    }
}
