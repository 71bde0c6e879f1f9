namespace Lockstep.Gateway.Routing;

/// <summary>The shape of a resource's path: <c>/buckets/{bucket}/collections</c>. A name in braces stands for one non-empty segment.</summary>
public sealed class RouteTemplate
{
    private readonly string[] segments;

    // For each segment its name, or null for a fixed segment.
    private readonly string?[] names;

    /// <exception cref="ArgumentException">The leading slash is missing, or a name is given twice.</exception>
    public RouteTemplate(string text)
    {
        if (!text.StartsWith('/'))
        {
            throw new ArgumentException($"The template '{text}' does not begin with a slash.", nameof(text));
        }

        Text = text;
        segments = text[1..].Split('/');
        names = [.. segments.Select(segment => segment is ['{', .. var name, '}'] ? name : null)];
        Names = [.. names.OfType<string>()];
        if (Names.Distinct(StringComparer.Ordinal).Count() != Names.Count)
        {
            throw new ArgumentException($"The template '{text}' has a name twice.", nameof(text));
        }
    }

    public string Text { get; }

    /// <summary>The names in braces, in order.</summary>
    public IReadOnlyList<string> Names { get; }

    internal int Length => segments.Length;

    /// <summary>Matches exactly: case matters, and a trailing slash makes another path.</summary>
    public bool Matches(RequestPath path)
    {
        if (path.Count != segments.Length)
        {
            return false;
        }

        for (var i = 0; i < segments.Length; i++)
        {
            var segment = path[i];
            if (names[i] is null ? !string.Equals(segment, segments[i], StringComparison.Ordinal) : segment.Length == 0)
            {
                return false;
            }
        }

        return true;
    }

    /// <returns>The index of the named segment; negative if no segment has that name.</returns>
    internal int IndexOf(string name) => Array.IndexOf(names, name);

    /// <summary>A fixed segment comes before a named one; zero if the two match the same paths.</summary>
    internal static int Compare(RouteTemplate a, RouteTemplate b)
    {
        if (a.Length != b.Length)
        {
            return a.Length.CompareTo(b.Length);
        }

        for (var i = 0; i < a.segments.Length; i++)
        {
            var order = (a.names[i] is null, b.names[i] is null) switch
            {
                (true, false) => -1,
                (false, true) => 1,
                (true, true) => string.CompareOrdinal(a.segments[i], b.segments[i]),
                _ => 0,
            };
            if (order != 0)
            {
                return order;
            }
        }

        return 0;
    }
}
