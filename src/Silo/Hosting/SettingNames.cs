using System.Text;

namespace Lockstep.Silo.Hosting;

/// <summary>
/// How settings are spelled outside: <c>LOCKSTEP_KINTO__READ_ONLY</c> and <c>--kinto:read-only</c> both mean
/// <c>Kinto:ReadOnly</c>.
/// </summary>
internal static class SettingNames
{
    public const string Section = "Lockstep";
    private const string Prefix = "LOCKSTEP_";

    public static IReadOnlyDictionary<string, string?> FromEnvironment(System.Collections.IDictionary variables)
    {
        var settings = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase);
        foreach (System.Collections.DictionaryEntry variable in variables)
        {
            if (variable.Key is string name && name.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase))
            {
                settings[Key(name[Prefix.Length..].Replace("__", ":", StringComparison.Ordinal))] = variable.Value as string;
            }
        }

        return settings;
    }

    /// <summary>A setting that is given twice counts as it was given last.</summary>
    /// <exception cref="SettingsException">An argument is no setting.</exception>
    public static IReadOnlyDictionary<string, string?> FromCommandLine(IReadOnlyList<string> arguments)
    {
        var settings = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase);
        for (var i = 0; i < arguments.Count; i++)
        {
            var argument = arguments[i];
            if (!argument.StartsWith("--", StringComparison.Ordinal))
            {
                throw new SettingsException($"'{argument}' is no command and no setting. Settings look like --data-directory PATH; '--help' lists the commands.");
            }

            var equals = argument.IndexOf('=', StringComparison.Ordinal);
            if (equals > 0)
            {
                settings[Key(argument[2..equals])] = argument[(equals + 1)..];
            }
            else if (i + 1 < arguments.Count && !arguments[i + 1].StartsWith("--", StringComparison.Ordinal))
            {
                settings[Key(argument[2..])] = arguments[++i];
            }
            else
            {
                throw new SettingsException($"'{argument}' needs a value: {argument} VALUE.");
            }
        }

        return settings;
    }

    /// <summary>Where a server listens whose sockets were opened for it.</summary>
    public static IReadOnlyDictionary<string, string?> FromSockets(PassedSockets sockets)
    {
        var settings = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase);
        if (sockets.Urls.Count > 0)
        {
            settings[Key(nameof(LockstepOptions.Urls))] = string.Join(';', sockets.Urls);
        }

        return settings;
    }

    /// <summary>The variable of a setting: <c>LOCKSTEP_KINTO__READ_ONLY</c> for <c>Kinto:ReadOnly</c>.</summary>
    public static string ToEnvironment(string setting)
    {
        var name = new StringBuilder(Prefix);
        for (var i = 0; i < setting.Length; i++)
        {
            if (i > 0 && char.IsAsciiLetterUpper(setting[i]) && setting[i - 1] != ':')
            {
                name.Append('_');
            }

            name.Append(setting[i] == ':' ? "__" : char.ToUpperInvariant(setting[i]).ToString());
        }

        return name.ToString();
    }

    private static string Key(string name)
    {
        var key = new StringBuilder(Section).Append(':');
        return key.Append(name.Replace("_", "", StringComparison.Ordinal).Replace("-", "", StringComparison.Ordinal)).ToString();
    }
}
