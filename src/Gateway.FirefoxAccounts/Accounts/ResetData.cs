using System.Text.Json;

namespace Lockstep.Gateway.FirefoxAccounts.Accounts;

/// <summary>What belongs to the permission to set a new password.</summary>
/// <param name="KeepsData">Whether the recovery key was shown, and the key stays.</param>
/// <param name="SkipsSecondFactor">Whether the operator has said that no code is needed.</param>
internal sealed record ResetData(bool KeepsData, bool SkipsSecondFactor)
{
    /// <summary>Whether a code of the second factor was shown already.</summary>
    public bool IsFactorShown { get; init; }

    public static ResetData Read(string text) => JsonSerializer.Deserialize<ResetData>(text) ?? throw new InvalidDataException("A reset has no data.");

    public string Write() => JsonSerializer.Serialize(this);
}
