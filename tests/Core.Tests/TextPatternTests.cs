using CsCheck;
using Lockstep.Core.Lists;

namespace Lockstep.Core.Tests;

public sealed class TextPatternTests
{
    [Fact]
    public void Pattern_OfAnyTextAndStars_MatchesWhatTryingAllDoes() =>
        Gen.Select(
                Gen.OneOf('a', 'b', '*', '%').Array[0, 8].Select(static letters => new string(letters)),
                Gen.OneOf('a', 'b', 'A', 'B', '%').Array[0, 14].Select(static letters => new string(letters)))
            .Sample(static (pattern, text) =>
                new TextPattern(pattern).IsMatch(text) == IsLike(pattern.Contains('*', StringComparison.Ordinal) ? pattern : $"*{pattern}*", text));

    /// <summary>Each place of the text looks like the pattern nearly to its end.</summary>
    [Fact]
    public void Pattern_ThatNearlyMatchesEverywhere_TakesNoLongerThanTheTextIsLong()
    {
        var pattern = new TextPattern($"*{new string('a', 20_000)}b*");

        Assert.False(pattern.IsMatch(new string('a', 2_000_000)));
        Assert.True(pattern.IsMatch($"{new string('a', 2_000_000)}b"));
    }

    private static bool IsLike(string pattern, string text) =>
        pattern.Length == 0 ? text.Length == 0
        : pattern[0] == '*' ? IsLike(pattern[1..], text) || (text.Length > 0 && IsLike(pattern, text[1..]))
        : text.Length > 0 && char.ToUpperInvariant(pattern[0]) == char.ToUpperInvariant(text[0]) && IsLike(pattern[1..], text[1..]);
}
