using System.Globalization;

namespace Lockstep.Bench.Simulation;

/// <summary>All inputs, as <c>costs.txt</c> has them.</summary>
internal sealed class Costs
{
    private static readonly string[] Origins = ["measured", "setting", "assumed"];

    private readonly Dictionary<string, Figure> figures;

    private Costs(Dictionary<string, Figure> figures) => this.figures = figures;

    /// <summary>Those that come with the program.</summary>
    public static Costs Default
    {
        get
        {
            using var text = new StreamReader(typeof(Costs).Assembly.GetManifestResourceStream("costs.txt")!);
            return Parse(text);
        }
    }

    public IReadOnlyCollection<Figure> Figures => figures.Values;

    /// <summary>CPU of one cold poll: of a user who was not heard of for some minutes.</summary>
    public Cost ColdPoll => Request("poll.cold");

    /// <param name="name">A figure.</param>
    /// <exception cref="FormatException">There is none of this name.</exception>
    public double this[string name] => figures.TryGetValue(name, out var figure) ? figure.Value : throw new FormatException($"'{name}' is missing.");

    /// <summary>Reads the lines of a file.</summary>
    /// <exception cref="FormatException">A line has not four parts, its value is no number, it does not say where it is from, or its name came before.</exception>
    public static Costs Parse(TextReader lines)
    {
        var read = new Dictionary<string, Figure>(StringComparer.Ordinal);
        while (lines.ReadLine() is { } line)
        {
            if (line.Length == 0 || line[0] == '#')
            {
                continue;
            }

            var parts = line.Split('|', 4, StringSplitOptions.TrimEntries);
            if (parts.Length != 4 || !double.TryParse(parts[1], NumberStyles.Float, CultureInfo.InvariantCulture, out var value) || value < 0)
            {
                throw new FormatException($"Not NAME | VALUE | UNIT | WHERE IT IS FROM: {line}");
            }

            if (!Origins.Contains(parts[3].Split(':')[0], StringComparer.Ordinal))
            {
                throw new FormatException($"Neither measured, nor a setting, nor assumed: {line}");
            }

            if (!read.TryAdd(parts[0], new Figure(parts[0], value, parts[2], parts[3])))
            {
                throw new FormatException($"'{parts[0]}' is there twice.");
            }
        }

        return new Costs(read);
    }

    /// <summary>CPU of a kind of request.</summary>
    public Cost Request(string kind) => new(this[kind + ".gateway"], this[kind + ".silo"], this[kind + ".database"]);

    /// <summary>The same with one figure changed, to see what depends on it.</summary>
    public Costs With(string name, double value) =>
        new(new Dictionary<string, Figure>(figures, StringComparer.Ordinal) { [name] = figures[name] with { Value = value } });
}
