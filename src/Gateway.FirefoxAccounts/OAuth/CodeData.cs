using System.Text.Json;

namespace Lockstep.Gateway.FirefoxAccounts.OAuth;

/// <summary>What belongs to an authorization code.</summary>
/// <param name="Challenge">Of PKCE.</param>
/// <param name="Redirect">Where it was sent.</param>
/// <param name="IsOffline">Whether a refresh token was asked for.</param>
/// <param name="SignedIn">When the password was shown, seconds.</param>
/// <param name="KeysJwe">Keys for the client alone, which the server cannot read; null for none.</param>
internal sealed record CodeData(string Challenge, string Redirect, bool IsOffline, long SignedIn, string? KeysJwe)
{
    public static CodeData Read(string text) => JsonSerializer.Deserialize<CodeData>(text) ?? throw new InvalidDataException("A code has no data.");

    public string Write() => JsonSerializer.Serialize(this);
}
