using System.Globalization;

namespace Lockstep.Gateway.Kinto.Schemas.Patterns;

/// <summary>Characters, by their code points: ranges and classes, or all but those.</summary>
/// <param name="Ranges">From and to, both in it.</param>
/// <param name="Classes">Letters as behind a backslash: <c>d</c>, <c>w</c>, <c>s</c>, and in capitals all but those.</param>
/// <param name="IsNegated">All but those.</param>
internal sealed record CharacterSet(IReadOnlyList<(int From, int To)> Ranges, string Classes = "", bool IsNegated = false)
{
    /// <summary>All but a newline.</summary>
    public static readonly CharacterSet Any = new([('\n', '\n')], IsNegated: true);

    public static CharacterSet Of(int character) => new([(character, character)]);

    public static CharacterSet Class(char letter) => new([], letter.ToString());

    public bool Contains(int character)
    {
        foreach (var (from, to) in Ranges)
        {
            if (character >= from && character <= to)
            {
                return !IsNegated;
            }
        }

        foreach (var letter in Classes)
        {
            if (IsIn(letter, character))
            {
                return !IsNegated;
            }
        }

        return IsNegated;
    }

    public static bool IsWord(int character) => character == '_' || Category(character) is
        UnicodeCategory.UppercaseLetter or UnicodeCategory.LowercaseLetter or UnicodeCategory.TitlecaseLetter or UnicodeCategory.ModifierLetter
        or UnicodeCategory.OtherLetter or UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber or UnicodeCategory.OtherNumber;

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
