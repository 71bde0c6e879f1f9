using System.Text.Json;

namespace Lockstep.Gateway.FirefoxAccounts.Sessions;

/// <summary>The data of a session.</summary>
/// <param name="IsVerified">Whether the second factor was shown, if there is one.</param>
/// <param name="SignedIn">When the password was shown, in seconds since 1970.</param>
/// <param name="UserAgent">The user agent of the client.</param>
internal sealed record SessionData(bool IsVerified, long SignedIn, string UserAgent)
{
    public static SessionData Read(string text) => JsonSerializer.Deserialize<SessionData>(text) ?? throw new InvalidDataException("A session has no data.");

    public string Write() => JsonSerializer.Serialize(this);
}
