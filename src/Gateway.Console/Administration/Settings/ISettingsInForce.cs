namespace Lockstep.Gateway.Console.Administration.Settings;

/// <summary>All settings of this process. The program has them; the console shows them.</summary>
public interface ISettingsInForce
{
    /// <returns>In the order of their declaration. No value of a secret is among them.</returns>
    IReadOnlyList<SettingInForce> Read();
}
