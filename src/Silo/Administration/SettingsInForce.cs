using System.Collections;
using System.Globalization;
using System.Reflection;
using System.Text.RegularExpressions;
using Lockstep.Core.Settings;
using Lockstep.Gateway.Console.Administration.Settings;
using Lockstep.Silo.Hosting;

namespace Lockstep.Silo.Administration;

/// <summary>Reads the settings by their declarations. What has <see cref="SecretAttribute"/>, or is in a group that has it, keeps its value to itself.</summary>
/// <param name="options">The settings in force.</param>
/// <param name="configuration">What they were read from.</param>
internal sealed partial class SettingsInForce(LockstepOptions options, IConfiguration configuration) : ISettingsInForce
{
    private readonly Dictionary<string, string?> defaults = Setting.Of(new LockstepOptions()).SelectMany(Single).ToDictionary(static one => one.Name, static one => Text(one.Value), StringComparer.Ordinal);

    public IReadOnlyList<SettingInForce> Read() => [.. Setting.Of(options).SelectMany(Single).Select(Of)];

    /// <summary>Numbered texts have a line each; where there is none, the setting has a line of its own.</summary>
    private static IEnumerable<(string Name, PropertyInfo Property, object? Value)> Single(Setting setting) => setting.Value switch
    {
        IDictionary { Count: > 0 } numbered => numbered.Keys.Cast<string>().Order(StringComparer.Ordinal).Select(number => ($"{setting.Name}:{number}", setting.Property, numbered[number])),
        IDictionary => [(setting.Name, setting.Property, null)],
        var value => [(setting.Name, setting.Property, value)],
    };

    private static string? Text(object? value) => value switch
    {
        null or "" => null,
        bool flag => flag ? "true" : "false",
        _ => Convert.ToString(value, CultureInfo.InvariantCulture),
    };

    private SettingInForce Of((string Name, PropertyInfo Property, object? Value) setting)
    {
        var (name, property, value) = setting;
        var text = Text(value);
        var usual = defaults.GetValueOrDefault(name);
        var isSecret = property.IsDefined(typeof(SecretAttribute));
        var origin = OriginOf($"{SettingNames.Section}:{name}") ?? (string.Equals(text, usual, StringComparison.Ordinal) || !defaults.ContainsKey(name) ? SettingOrigin.Default : SettingOrigin.Derived);
        return new(name, SettingNames.ToEnvironment(name), isSecret ? null : Shown(text), isSecret ? null : usual, isSecret, text is not null, origin);
    }

    /// <returns>Where a key was set last, which is what counts; null for nowhere.</returns>
    private SettingOrigin? OriginOf(string key)
    {
        foreach (var provider in (configuration as IConfigurationRoot)?.Providers.Reverse() ?? [])
        {
            if (provider.TryGet(key, out var value) && value is not null)
            {
                return provider is OriginProvider known ? known.Origin : SettingOrigin.File;
            }
        }

        return null;
    }

    /// <summary>A URL may have a name and a password in it, whatever the setting is for.</summary>
    private static string? Shown(string? text) => text is null ? null : Credentials().Replace(text, "…@");

    [GeneratedRegex(@"(?<=://)[^/@\s]+@", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Credentials();
}
