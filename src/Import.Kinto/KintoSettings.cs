namespace Lockstep.Import.Kinto;

/// <summary>The settings of Kinto that an import needs, from a file such as <c>kinto.ini</c>. Environment variables take precedence, as in Kinto.</summary>
/// <remarks>Lines are <c>key = value</c> or <c>key: value</c>, and <c>%%</c> in a value is <c>%</c>, as Python's <c>configparser</c> has it.</remarks>
public sealed class KintoSettings
{
    private const string Prefix = "kinto.";

    private readonly Dictionary<string, string> values = new(StringComparer.Ordinal);
    private readonly Func<string, string?> environment;

    private KintoSettings(Func<string, string?> environment) => this.environment = environment;

    /// <summary>The database with the objects; null if it is not set.</summary>
    public string? Storage => Get("storage_url");

    /// <summary>The database with the permissions; null if it is not set.</summary>
    public string? Permissions => Get("permission_url");

    /// <summary>The secret from which ids of default buckets are made; null if it is not set.</summary>
    public string? DefaultBucketSecret => Get("default_bucket_hmac_secret") ?? Get("userid_hmac_secret");

    /// <param name="path">The file.</param>
    /// <param name="environment">Reads an environment variable.</param>
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
