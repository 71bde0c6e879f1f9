namespace Lockstep.Gateway.Console.Administration.Settings;

/// <summary>A setting as it is in force in this process.</summary>
/// <param name="Name">With its groups: <c>Http:MaxRequestBytes</c>.</param>
/// <param name="Variable">The variable of the environment that sets it: <c>LOCKSTEP_HTTP__MAX_REQUEST_BYTES</c>.</param>
/// <param name="Value">As it would be written; null for none, and for every secret.</param>
/// <param name="Default">What counts where nobody sets it; null for none, and for every secret.</param>
/// <param name="IsSecret">Whether the value is withheld.</param>
/// <param name="IsSet">Whether it has a value.</param>
/// <param name="Origin">Where the value comes from.</param>
public sealed record SettingInForce(string Name, string Variable, string? Value, string? Default, bool IsSecret, bool IsSet, SettingOrigin Origin);
