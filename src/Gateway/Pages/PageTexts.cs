using System.Text.Json;

namespace Lockstep.Gateway.Pages;

/// <summary>The texts of the pages, in each language: <c>texts/en.json</c> of the shell and of the pages, each an object of keys and texts.</summary>
public sealed class PageTexts
{
    private readonly Dictionary<string, Dictionary<string, string>> texts;

    /// <exception cref="InvalidOperationException">A language lacks a key that another has.</exception>
    internal PageTexts(IReadOnlyDictionary<string, PageFile> files)
    {
        // The first language is the default, for users whose language is missing.
        Languages = [.. files.Keys
            .Where(static path => path.StartsWith("texts/", StringComparison.Ordinal))
            .Select(static path => Path.GetFileNameWithoutExtension(path))
            .OrderBy(static language => language is not Default).ThenBy(static language => language, StringComparer.Ordinal)];
        texts = Languages.ToDictionary(static language => language, language => Read(files, language), StringComparer.Ordinal);
        var keys = texts.Values.SelectMany(static language => language.Keys).ToHashSet(StringComparer.Ordinal);
        foreach (var (language, own) in texts)
        {
            if (keys.FirstOrDefault(key => !own.ContainsKey(key)) is { } missing)
            {
                throw new InvalidOperationException($"The pages have no text '{missing}' in '{language}'.");
            }
        }
    }

    /// <summary>The language for users who understand none of the others.</summary>
    public const string Default = "en";

    /// <summary>Two letters each, the default first.</summary>
    public IReadOnlyList<string> Languages { get; }

    /// <exception cref="InvalidOperationException">There is no such text.</exception>
    public string Get(string language, string key) =>
        texts[language].GetValueOrDefault(key) ?? throw new InvalidOperationException($"The pages have no text '{key}'.");

    /// <summary>The language that a browser prefers among the existing ones (RFC 9110, 12.5.4).</summary>
    /// <param name="acceptLanguage">The header.</param>
    public string Choose(string acceptLanguage)
    {
        var (best, weight) = (Default, 0.0);
        foreach (var range in acceptLanguage.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            var parts = range.Split(';', StringSplitOptions.TrimEntries);
            var language = Languages.FirstOrDefault(language => string.Equals(parts[0].Split('-')[0], language, StringComparison.OrdinalIgnoreCase));
            var own = parts.Length > 1 && parts[1].StartsWith("q=", StringComparison.OrdinalIgnoreCase)
                && double.TryParse(parts[1].AsSpan(2), System.Globalization.NumberStyles.AllowDecimalPoint, System.Globalization.CultureInfo.InvariantCulture, out var q)
                ? q
                : 1;
            if (language is not null && own > weight)
            {
                (best, weight) = (language, own);
            }
        }

        return best;
    }

    private static Dictionary<string, string> Read(IReadOnlyDictionary<string, PageFile> files, string language)
    {
        var read = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var folder in (ReadOnlySpan<string>)["shell/texts", "texts"])
        {
            var path = $"{folder}/{language}.json";
            var file = files.GetValueOrDefault(path) ?? throw new InvalidOperationException($"The pages have no file '{path}'.");
            foreach (var (key, text) in JsonSerializer.Deserialize<Dictionary<string, string>>(file.Content.Span)!)
            {
                read[key] = text;
            }
        }

        return read;
    }
}
