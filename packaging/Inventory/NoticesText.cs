using System.Reflection;
using System.Text;
using System.Text.RegularExpressions;

namespace Lockstep.Inventory;

/// <summary>The licences of all parts, for people: a list, then each text once.</summary>
internal static partial class NoticesText
{
    private static readonly string Rule = new('-', 100);

    public static string Of(Inventoried inventoried)
    {
        var text = new StringBuilder("Lockstep is under the licence in the file LICENSE. It has software of others in it, each under its own licence.\n\n");
        var texts = new Dictionary<string, List<string>>(StringComparer.Ordinal);
        foreach (var component in inventoried.Components)
        {
            // The runtime comes with the SDK: its version is the builder's.
            var name = component.IsRuntime ? component.Name[..component.Name.LastIndexOf(".linux", StringComparison.Ordinal)] : $"{component.Name} {component.Version}";
            text.Append(name).Append(": ").Append(component.Description.Licence ?? "a licence of its own, below").Append('\n').Append("  ").Append(Line(component.Description.Copyright)).Append('\n');
            if (component.Description.Url is { } url)
            {
                text.Append("  ").Append(url).Append('\n');
            }

            foreach (var found in TextsOf(component))
            {
                (texts.TryGetValue(found, out var names) ? names : texts[found] = []).Add(name);
            }
        }

        foreach (var (found, names) in texts)
        {
            text.Append('\n').Append(Rule).Append('\n').Append(string.Join(", ", names.Distinct(StringComparer.Ordinal))).Append("\n\n").Append(found).Append('\n');
        }

        return text.ToString();
    }

    /// <summary>What it brings itself, and the text of its licence where it does not bring that.</summary>
    private static IEnumerable<string> TextsOf(Component component)
    {
        var brought = Directory.EnumerateFiles(component.Directory).Where(static file => NameOfLicence().IsMatch(Path.GetFileName(file))).Order(StringComparer.Ordinal).ToList();
        if (component.Description.Licence is { } licence && !brought.Any(static file => Path.GetFileName(file).StartsWith("LICENSE", StringComparison.OrdinalIgnoreCase)))
        {
            yield return Known(licence);
        }

        foreach (var file in brought)
        {
            var text = File.ReadAllText(file);
            yield return Tidy(file.EndsWith(".rtf", StringComparison.OrdinalIgnoreCase) ? Plain(text) : text);
        }
    }

    private static string Known(string licence)
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(licence) ?? throw new InvalidDataException($"There is no text of the licence '{licence}'. Put it into packaging/Inventory/Licences.");
        using var reader = new StreamReader(stream);
        return Tidy(reader.ReadToEnd());
    }

    private static string Tidy(string text) => string.Join('\n', text.ReplaceLineEndings("\n").Split('\n').Select(static line => line.TrimEnd())).Trim('\n', '\uFEFF');

    private static string Line(string text) => Space().Replace(text, " ");

    /// <summary>Rich text of the plainest kind, without its commands.</summary>
    private static string Plain(string text) => Command().Replace(Paragraph().Replace(Hidden().Replace(text, ""), "\n"), "").Replace("{", "", StringComparison.Ordinal).Replace("}", "", StringComparison.Ordinal);

    [GeneratedRegex("^(licen[cs]e|third-?party-?notices|notice|copying)", RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex NameOfLicence();

    [GeneratedRegex(@"\s+", RegexOptions.None, 1000)]
    private static partial Regex Space();

    [GeneratedRegex(@"\{\\(fonttbl|colortbl)[^{}]*(\{[^{}]*\}[^{}]*)*\}|\{\\\*[^{}]*\}", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Hidden();

    [GeneratedRegex(@"\\par\b ?\r?\n?", RegexOptions.None, 1000)]
    private static partial Regex Paragraph();

    [GeneratedRegex(@"\\[a-z]+-?[0-9]* ?", RegexOptions.None, 1000)]
    private static partial Regex Command();
}
