using System.Globalization;

namespace Lockstep.Import.ServerFull;

/// <summary>
/// An old <c>sync.conf</c>, or a <c>development.ini</c> that names one. Sections and options as its server read them: of an option that is there twice the last one counts,
/// <c>[DEFAULT]</c> counts for all sections, <c>extends</c> names files that fill in what is missing, and <c>%(here)s</c> is the file's directory.
/// </summary>
/// <remarks>Origin: <c>services/config.py</c> of server-core, over Python's ConfigParser.</remarks>
public sealed class SyncConf
{
    private const string Defaults = "default";

    private readonly Dictionary<(string Section, string Option), string> values = [];

    /// <summary>All that is set, in the order of the files.</summary>
    public IEnumerable<(string Section, string Option, string Value)> All => values.Select(static value => (value.Key.Section, value.Key.Option, value.Value));

    /// <param name="path">The file.</param>
    /// <exception cref="ServerFullException">It, or one that it names, cannot be read.</exception>
    public static SyncConf Read(string path)
    {
        var conf = new SyncConf();
        conf.Add(path, new HashSet<string>(StringComparer.Ordinal));
        return conf;
    }

    /// <returns>Without the quotes around it; null where it is not set.</returns>
    public string? Get(string section, string option) =>
        values.TryGetValue((section, option), out var value) || values.TryGetValue((Defaults, option), out value) ? Expand(value) : null;

    /// <summary>Whether an option is <c>true</c>, in whatever case.</summary>
    public bool IsTrue(string section, string option, bool otherwise) => Get(section, option) is { } value ? string.Equals(value, "true", StringComparison.OrdinalIgnoreCase) : otherwise;

    /// <returns>Null where it is not set, or is no number.</returns>
    public long? Number(string section, string option) =>
        long.TryParse(Get(section, option), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number : null;

    private void Add(string path, HashSet<string> seen)
    {
        var full = Path.GetFullPath(path);
        if (!seen.Add(full))
        {
            return;
        }

        // :: Step 1: the file itself. What is there already, of a file that names this one, stays.
        var own = Parse(Lines(full), Path.GetDirectoryName(full)!);
        foreach (var (key, value) in own)
        {
            values.TryAdd(key, value);
        }

        // :: Step 2: files that it names.
        var others = own.Where(static pair => pair.Key is (Defaults, "extends")).SelectMany(static pair => pair.Value.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
            .Concat(own.Where(static pair => pair.Key.Section.StartsWith("app:", StringComparison.Ordinal) && pair.Key.Option == "configuration" && pair.Value.StartsWith("file:", StringComparison.Ordinal)).Select(static pair => pair.Value["file:".Length..]));
        foreach (var other in others)
        {
            Add(Path.Combine(Path.GetDirectoryName(full)!, other), seen);
        }
    }

    private static string[] Lines(string path)
    {
        try
        {
            return File.ReadAllLines(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ServerFullException($"Cannot read '{path}': {e.Message}", e);
        }
    }

    private static Dictionary<(string Section, string Option), string> Parse(string[] lines, string here)
    {
        var found = new Dictionary<(string, string), string>();
        var (section, last) = ("", default((string, string)?));
        foreach (var line in lines)
        {
            if (line.Trim().Length == 0 || line[0] is '#' or ';')
            {
                continue;
            }

            if (char.IsWhiteSpace(line[0]) && last is { } continued)
            {
                found[continued] += "\n" + line.Trim();
            }
            else if (line.Trim() is ['[', .. var name, ']'])
            {
                (section, last) = (name.Trim().ToLowerInvariant(), null);
            }
            else if (line.IndexOfAny(['=', ':']) is > 0 and var at)
            {
                last = (section, line[..at].Trim().ToLowerInvariant());
                found[last.Value] = WithoutComment(line[(at + 1)..]).Trim().Replace("%(here)s", here, StringComparison.Ordinal);
            }
        }

        return found;
    }

    /// <summary>A comment begins with a semicolon behind a blank.</summary>
    private static string WithoutComment(string value)
    {
        for (var i = 1; i < value.Length; i++)
        {
            if (value[i] == ';' && char.IsWhiteSpace(value[i - 1]))
            {
                return value[..i];
            }
        }

        return value;
    }

    /// <summary>Takes quotes off, and puts in variables of the environment; of those that are not set the names stay.</summary>
    private static string Expand(string value)
    {
        if (value is ['"', .. var quoted, '"'])
        {
            return quoted;
        }

        for (var at = value.IndexOf("${", StringComparison.Ordinal); at >= 0 && value.IndexOf('}', at) is > 0 and var end; at = value.IndexOf("${", at + 1, StringComparison.Ordinal))
        {
            if (Environment.GetEnvironmentVariable(value[(at + 2)..end]) is { } variable)
            {
                value = value[..at] + variable + value[(end + 1)..];
            }
        }

        return value;
    }
}
