using System.Text.Json;

namespace Lockstep.Gateway.FirefoxAccounts.OAuth;

/// <summary>The data of an authorization code.</summary>
/// <param name="Challenge">The challenge of PKCE.</param>
/// <param name="Redirect">Where the code was sent.</param>
/// <param name="IsOffline">Whether the client asked for a refresh token.</param>
/// <param name="SignedIn">When the password was shown, in seconds since 1970.</param>
/// <param name="KeysJwe">Keys for the client alone, which the server cannot read; null for none.</param>
internal sealed record CodeData(string Challenge, string Redirect, bool IsOffline, long SignedIn, string? KeysJwe)
{
    public static CodeData Read(string text) => JsonSerializer.Deserialize<CodeData>(text) ?? throw new InvalidDataException("A code has no data.");

    public string Write() => JsonSerializer.Serialize(this);
}
