using System.Text.Json;

namespace Lockstep.Gateway.FirefoxAccounts.Sessions;

/// <summary>What belongs to a session.</summary>
/// <param name="IsVerified">Whether the second factor was shown, where there is one.</param>
/// <param name="SignedIn">When the password was shown, seconds.</param>
/// <param name="UserAgent">Of the client.</param>
internal sealed record SessionData(bool IsVerified, long SignedIn, string UserAgent)
{
    public static SessionData Read(string text) => JsonSerializer.Deserialize<SessionData>(text) ?? throw new InvalidDataException("A session has no data.");

    public string Write() => JsonSerializer.Serialize(this);
}
