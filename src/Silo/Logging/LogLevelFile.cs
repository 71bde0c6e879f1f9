using System.Text.Json;

namespace Lockstep.Silo.Logging;

/// <summary>
/// The section <c>Logging</c> of <c>appsettings.json</c>, whose changes take effect while the server runs. The file is read again and again, not watched: a watch misses
/// changes of a file behind a symbolic link, as in Debian's package, and of one that a Kubernetes volume replaces.
/// </summary>
/// <param name="path">The file. It may appear, change and disappear; while it is missing, what was read last counts.</param>
/// <param name="configuration">What counts until the file has changed.</param>
internal sealed class LogLevelFile(string path, IConfiguration configuration)
{
    private const string Section = "Logging";

    private readonly LogLevelSource source = new(configuration.GetSection(Section).AsEnumerable(makePathsRelative: true).Where(static pair => pair.Value is not null).ToDictionary(StringComparer.OrdinalIgnoreCase));

    private IConfigurationRoot? levels;
    private string? last = TextOf(path);

    /// <summary>The section, which tells of its changes.</summary>
    public IConfigurationRoot Levels => levels ??= new ConfigurationBuilder().Add(source).Build();

    /// <summary>Looks at the file, and takes over what has changed.</summary>
    /// <returns>Null for no change; an empty text for one that was taken over; otherwise what is wrong with the file, whose levels were not taken over.</returns>
    public string? Look()
    {
        if (TextOf(path) is not { } text || text == last)
        {
            return null;
        }

        last = text;
        try
        {
            using var stream = new MemoryStream(System.Text.Encoding.UTF8.GetBytes(text));
            var read = new ConfigurationBuilder().AddJsonStream(stream).Build().GetSection(Section);
            if (Problem(read) is { } problem)
            {
                return problem;
            }

            return source.Set(read.AsEnumerable(makePathsRelative: true).Where(static pair => pair.Value is not null).ToDictionary(StringComparer.OrdinalIgnoreCase)) ? "" : null;
        }
        catch (Exception e) when (e is InvalidDataException or FormatException or JsonException or AggregateException or InvalidOperationException or ArgumentException)
        {
            return e.InnerException?.Message ?? e.Message;
        }
    }

    private static string? Problem(IConfigurationSection section) => section.GetChildren().Select(static provider => provider.GetSection("LogLevel")).Prepend(section.GetSection("LogLevel"))
        .SelectMany(static levels => levels.GetChildren())
        .Where(static level => !Enum.TryParse<LogLevel>(level.Value, ignoreCase: true, out _))
        .Select(static level => $"{level.Path} is '{level.Value}'. Use one of {string.Join(", ", Enum.GetNames<LogLevel>())}.").FirstOrDefault();

    private static string? TextOf(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
