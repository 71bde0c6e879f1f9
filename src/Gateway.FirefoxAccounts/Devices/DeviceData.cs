using System.Text.Json;

namespace Lockstep.Gateway.FirefoxAccounts.Devices;

/// <summary>What a device says about itself.</summary>
/// <param name="Name">The name that its owner sees.</param>
/// <param name="Type"><c>desktop</c>, <c>mobile</c>, <c>tablet</c> and others.</param>
/// <param name="Commands">By name, with keys that only the account's devices can read.</param>
/// <param name="PushCallback">Never called, since there is no push. Kept because clients compare it.</param>
/// <param name="PushPublicKey">Kept like <paramref name="PushCallback"/>.</param>
/// <param name="PushAuthKey">Kept like <paramref name="PushCallback"/>.</param>
internal sealed record DeviceData(
    string Name, string Type, IReadOnlyDictionary<string, string> Commands, string? PushCallback, string? PushPublicKey, string? PushAuthKey)
{
    public static DeviceData New(string type) => new("", type, new Dictionary<string, string>(StringComparer.Ordinal), null, null, null);

    public static DeviceData Read(string text) => JsonSerializer.Deserialize<DeviceData>(text) ?? throw new InvalidDataException("A device has no data.");

    public string Write() => JsonSerializer.Serialize(this);
}
