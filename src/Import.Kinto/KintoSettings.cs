namespace Lockstep.Import.Kinto;

/// <summary>What an import needs of Kinto's settings: a file such as <c>kinto.ini</c>, in which variables of the environment count more, as Kinto has it.</summary>
/// <remarks>Lines are <c>key = value</c> or <c>key: value</c>, and <c>%%</c> in a value is <c>%</c>, as Python's <c>configparser</c> has it.</remarks>
public sealed class KintoSettings
{
    private const string Prefix = "kinto.";

    private readonly Dictionary<string, string> values = new(StringComparer.Ordinal);
    private readonly Func<string, string?> environment;

    private KintoSettings(Func<string, string?> environment) => this.environment = environment;

    /// <summary>Where buckets and what lies in them are kept; null where the settings do not say.</summary>
    public string? Storage => Get("storage_url");

    /// <summary>Where it is kept who may do what; null where the settings do not say.</summary>
    public string? Permissions => Get("permission_url");

    /// <summary>By which ids of default buckets are made; null where the settings do not say.</summary>
    public string? DefaultBucketSecret => Get("default_bucket_hmac_secret") ?? Get("userid_hmac_secret");

    /// <param name="path">The file.</param>
    /// <param name="environment">Variables.</param>
    /// <exception cref="KintoException">It cannot be read.</exception>
    public static KintoSettings Read(string path, Func<string, string?> environment)
    {
        string[] lines;
        try
        {
            lines = File.ReadAllLines(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new KintoException($"Cannot read '{path}': {e.Message}", e);
        }

        var settings = new KintoSettings(environment);
        var isApplication = false;
        foreach (var line in lines.Select(static line => line.Trim()))
        {
            if (line is ['[', .. var section, ']'])
            {
                isApplication = section.Trim() == "app:main";
            }
            else if (isApplication && line.AsSpan().IndexOfAny('=', ':') is > 0 and var at && line[0] is not ('#' or ';'))
            {
                settings.values[WithoutPrefix(line[..at].Trim())] = line[(at + 1)..].Trim().Replace("%%", "%", StringComparison.Ordinal);
            }
        }

        return settings;
    }

    private static string WithoutPrefix(string name) => name.StartsWith(Prefix, StringComparison.Ordinal) ? name[Prefix.Length..] : name;

    private string? Get(string name) =>
        environment($"KINTO_{name.ToUpperInvariant()}") is { Length: > 0 } set ? set : values.TryGetValue(name, out var value) && value.Length > 0 ? value : null;
}
