using System.Globalization;

namespace Lockstep.Gateway.Kinto.Schemas.Patterns;

/// <summary>Characters, by their code points: ranges and classes, or all but those. One is found in a few steps, however many ranges there are.</summary>
internal sealed class CharacterSet
{
    /// <summary>All but a newline.</summary>
    public static readonly CharacterSet Any = Of([('\n', '\n')], "", isNegated: true);

    // In order, apart from each other.
    private readonly (int From, int To)[] ranges;
    private readonly string classes;
    private readonly bool isNegated;

    private CharacterSet((int From, int To)[] ranges, string classes, bool isNegated) => (this.ranges, this.classes, this.isNegated) = (ranges, classes, isNegated);

    public static CharacterSet Of(int character) => new([(character, character)], "", isNegated: false);

    public static CharacterSet Class(char letter) => new([], letter.ToString(), isNegated: false);

    /// <param name="ranges">From and to, both in it, in any order.</param>
    /// <param name="classes">Letters as behind a backslash, each once: <c>d</c>, <c>w</c>, <c>s</c>, and in capitals all but those.</param>
    /// <param name="isNegated">All but those.</param>
    public static CharacterSet Of(IEnumerable<(int From, int To)> ranges, string classes, bool isNegated)
    {
        var merged = new List<(int From, int To)>();
        foreach (var range in ranges.Order())
        {
            if (merged.Count > 0 && range.From <= merged[^1].To + 1)
            {
                merged[^1] = (merged[^1].From, Math.Max(merged[^1].To, range.To));
            }
            else
            {
                merged.Add(range);
            }
        }

        return new CharacterSet([.. merged], classes, isNegated);
    }

    public bool Contains(int character)
    {
        if (IsInRange(character))
        {
            return !isNegated;
        }

        foreach (var letter in classes)
        {
            if (IsIn(letter, character))
            {
                return !isNegated;
            }
        }

        return isNegated;
    }

    public static bool IsWord(int character) => character == '_' || Category(character) is
        UnicodeCategory.UppercaseLetter or UnicodeCategory.LowercaseLetter or UnicodeCategory.TitlecaseLetter or UnicodeCategory.ModifierLetter
        or UnicodeCategory.OtherLetter or UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber or UnicodeCategory.OtherNumber;

    private bool IsInRange(int character)
    {
        var (low, high) = (0, ranges.Length - 1);
        while (low <= high)
        {
            var middle = (low + high) / 2;
            var (from, to) = ranges[middle];
            if (character < from)
            {
                high = middle - 1;
            }
            else if (character > to)
            {
                low = middle + 1;
            }
            else
            {
                return true;
            }
        }

        return false;
    }

    private static bool IsIn(char letter, int character) => letter switch
    {
        'd' => Category(character) == UnicodeCategory.DecimalDigitNumber,
        'D' => Category(character) != UnicodeCategory.DecimalDigitNumber,
        'w' => IsWord(character),
        'W' => !IsWord(character),
        's' => IsSpace(character),
        _ => !IsSpace(character),
    };

    private static bool IsSpace(int character) => character is (>= '\t' and <= '\r') or (>= 0x1C and <= 0x1F) or 0x85
        || Category(character) is UnicodeCategory.SpaceSeparator or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator;

    private static UnicodeCategory Category(int character) => CharUnicodeInfo.GetUnicodeCategory(character);
}
