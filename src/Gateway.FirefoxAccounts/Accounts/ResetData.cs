using System.Text.Json;

namespace Lockstep.Gateway.FirefoxAccounts.Accounts;

/// <summary>The data of a permission to set a new password.</summary>
/// <param name="KeepsData">Whether the recovery key was shown, so that the encryption key stays.</param>
/// <param name="SkipsSecondFactor">Whether the operator has waived the second factor.</param>
internal sealed record ResetData(bool KeepsData, bool SkipsSecondFactor)
{
    /// <summary>Whether a code of the second factor was shown already.</summary>
    public bool IsFactorShown { get; init; }

    public static ResetData Read(string text) => JsonSerializer.Deserialize<ResetData>(text) ?? throw new InvalidDataException("A reset has no data.");

    public string Write() => JsonSerializer.Serialize(this);
}
