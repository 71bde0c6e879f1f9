using System.Reflection;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;

namespace Lockstep.Gateway.Pages;

/// <summary>
/// Pages that belong together: the account pages, a console. All are one document, whose script shows what the path asks for. It has the files of the shell and files of
/// its own, all below a path with the hash of all of them. So a page runs only the files that it was served with.
/// </summary>
public sealed partial class PageSet
{
    /// <summary>The name of resources in an assembly that are files of pages: <c>pages/</c>, and the file's own path.</summary>
    private const string Resources = "pages/";

    /// <summary>The folder of the shell's files among those of the pages.</summary>
    private const string Shell = "shell/";

    private readonly Dictionary<string, PageFile> files;
    private readonly Dictionary<string, byte[][]> documents;

    /// <param name="assembly">Has the files, embedded as <c>pages/…</c>: <c>main.js</c> and <c>texts/en.json</c> at least.</param>
    /// <param name="paths">Where the pages are, each from the root of the server: <c>/settings</c>.</param>
    /// <param name="facts">What the script is told about this server, by name: small letters and <c>-</c>. Anybody sees it.</param>
    /// <exception cref="InvalidOperationException">A file is missing, or a text that all pages have.</exception>
    public PageSet(Assembly assembly, IEnumerable<string> paths, IReadOnlyDictionary<string, string>? facts = null)
    {
        Paths = [.. paths];
        files = Embedded(typeof(PageSet).Assembly, Shell).Concat(Embedded(assembly, "")).ToDictionary(static file => file.Path, StringComparer.Ordinal);
        Hash = HashOf(files.Values.OrderBy(static file => file.Path, StringComparer.Ordinal));
        Texts = new PageTexts(files);
        documents = Texts.Languages.ToDictionary(static language => language, language => Document(language, facts ?? new Dictionary<string, string>(StringComparer.Ordinal)), StringComparer.Ordinal);
    }

    /// <summary>Where the pages are.</summary>
    public IReadOnlyList<string> Paths { get; }

    /// <summary>
    /// Whether it leaves a request with a query to another set that has the same path. Firefox opens the account pages at the root with a query that says what it wants;
    /// people come without one. Default: false.
    /// </summary>
    public bool LeavesQueries { get; init; }

    /// <summary>32 hexadecimal digits, which change when any file changes.</summary>
    public string Hash { get; }

    /// <summary>The texts of all languages, the shell's and the pages' own.</summary>
    public PageTexts Texts { get; }

    /// <summary>All files, by their path below the hash.</summary>
    public IReadOnlyDictionary<string, PageFile> Files => files;

    /// <summary>The document in a language, as UTF-8.</summary>
    /// <param name="language">One of <see cref="Texts"/>.</param>
    /// <param name="root">The path of the server's root, without a slash at the end.</param>
    public byte[] Document(string language, string root) =>
        [.. documents[language].SelectMany((part, i) => i == 0 ? part : [.. Encoding.UTF8.GetBytes(Escape(FilesPath(root))), .. part])];

    /// <summary>Where the files are, with a slash at the end.</summary>
    /// <param name="root">The prefix of the server's own paths: a URL, or a path.</param>
    public string FilesPath(string root) => $"{root}{PageResources.FilesPrefix}/{Hash}/";

    private static IEnumerable<PageFile> Embedded(Assembly assembly, string folder)
    {
        foreach (var name in assembly.GetManifestResourceNames().Where(static name => name.StartsWith(Resources, StringComparison.Ordinal)))
        {
            using var stream = assembly.GetManifestResourceStream(name)!;
            var content = new byte[stream.Length];
            stream.ReadExactly(content);
            yield return new PageFile(folder + name[Resources.Length..].Replace('\\', '/'), content);
        }
    }

    private static string HashOf(IEnumerable<PageFile> files)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var file in files)
        {
            // Separators keep different sets of files from giving the same text: no path has a zero in it, and the lengths are included.
            hash.AppendData(Encoding.UTF8.GetBytes($"{file.Path}\0{file.Content.Length}\0"));
            hash.AppendData(file.Content.Span);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset().AsSpan(0, 16));
    }

    /// <summary>Fills in the shell's document, except for the path of the files, where it is cut.</summary>
    private byte[][] Document(string language, IReadOnlyDictionary<string, string> facts)
    {
        var template = Encoding.UTF8.GetString(Required(Shell + "document.html").Content.Span);
        var modules = files.Keys.Where(static path => path.EndsWith(".js", StringComparison.Ordinal)).Order(StringComparer.Ordinal);
        var filled = Placeholder().Replace(template, match => match.Groups["name"].Value switch
        {
            "language" => language,
            "languages" => string.Join(' ', Texts.Languages),
            "facts" => string.Concat(facts.Select(static fact => $" data-{fact.Key}=\"{Escape(fact.Value)}\"")),
            "modules" => string.Concat(modules.Select(static path => $"\n<link rel=\"modulepreload\" href=\"{{{{files}}}}{path}\">")),
            "files" => match.Value,
            var key => Escape(Texts.Get(language, key)),
        });
        _ = Required("main.js");
        return [.. filled.Split("{{files}}").Select(Encoding.UTF8.GetBytes)];
    }

    private PageFile Required(string path) =>
        files.GetValueOrDefault(path) ?? throw new InvalidOperationException($"The pages have no file '{path}'.");

    private static string Escape(string text) => System.Text.Encodings.Web.HtmlEncoder.Default.Encode(text);

    [GeneratedRegex(@"\{\{(?<name>[a-z.-]+)\}\}", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Placeholder();
}
