using System.Text.Json;

namespace Lockstep.Gateway.FirefoxAccounts.Devices;

/// <summary>What a device says of itself.</summary>
/// <param name="Name">As its owner knows it.</param>
/// <param name="Type"><c>desktop</c>, <c>mobile</c>, <c>tablet</c> and others.</param>
/// <param name="Commands">By their names, with keys that only its own devices can read.</param>
/// <param name="PushCallback">Never called: there is no push. Kept since clients compare it.</param>
/// <param name="PushPublicKey">Of push.</param>
/// <param name="PushAuthKey">Of push.</param>
internal sealed record DeviceData(
    string Name, string Type, IReadOnlyDictionary<string, string> Commands, string? PushCallback, string? PushPublicKey, string? PushAuthKey)
{
    public static DeviceData New(string type) => new("", type, new Dictionary<string, string>(StringComparer.Ordinal), null, null, null);

    public static DeviceData Read(string text) => JsonSerializer.Deserialize<DeviceData>(text) ?? throw new InvalidDataException("A device has no data.");

    public string Write() => JsonSerializer.Serialize(this);
}
