namespace Lockstep.Core.Lists;

/// <summary>
/// A pattern for texts: <c>*</c> is any run of characters, everything else is itself, whatever its case. A pattern without a <c>*</c> may lie anywhere.
/// A text is matched in time linear in its length and the pattern's, whatever both are.
/// </summary>
/// <remarks>Kinto hands it to PostgreSQL's ILIKE, where <c>%</c>, <c>_</c> and <c>\</c> mean something too.</remarks>
internal sealed class TextPattern
{
    private readonly string first;
    private readonly string last;
    private readonly (string Text, int[] Borders)[] middle;

    public TextPattern(string pattern)
    {
        var parts = (pattern.Contains('*', StringComparison.Ordinal) ? pattern : $"*{pattern}*").ToUpperInvariant().Split('*');
        (first, last) = (parts[0], parts[^1]);
        middle = [.. parts[1..^1].Where(static part => part.Length > 0).Select(static part => (part, BordersOf(part)))];
    }

    public bool IsMatch(string text) => IsMatchInUpperCase(text.ToUpperInvariant());

    /// <param name="text">A text that is in upper case already.</param>
    public bool IsMatchInUpperCase(string text)
    {
        ReadOnlySpan<char> rest = text;
        if (rest.Length < first.Length + last.Length || !rest.StartsWith(first, StringComparison.Ordinal) || !rest.EndsWith(last, StringComparison.Ordinal))
        {
            return false;
        }

        rest = rest[first.Length..^last.Length];
        foreach (var (part, borders) in middle)
        {
            var end = EndOf(part, borders, rest);
            if (end < 0)
            {
                return false;
            }

            rest = rest[end..];
        }

        return true;
    }

    /// <returns>Where the first occurrence ends; -1 where there is none.</returns>
    private static int EndOf(string part, int[] borders, ReadOnlySpan<char> text)
    {
        var matched = 0;
        for (var i = 0; i < text.Length; i++)
        {
            while (matched > 0 && part[matched] != text[i])
            {
                matched = borders[matched - 1];
            }

            if (part[matched] == text[i] && ++matched == part.Length)
            {
                return i + 1;
            }
        }

        return -1;
    }

    /// <returns>For each beginning of the part, the length of the longest shorter one that it also ends with (Knuth, Morris, Pratt).</returns>
    private static int[] BordersOf(string part)
    {
        var borders = new int[part.Length];
        for (var (i, length) = (1, 0); i < part.Length; i++)
        {
            while (length > 0 && part[length] != part[i])
            {
                length = borders[length - 1];
            }

            borders[i] = length += part[length] == part[i] ? 1 : 0;
        }

        return borders;
    }
}
