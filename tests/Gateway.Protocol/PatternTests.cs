using System.Text.RegularExpressions;
using Lockstep.Gateway.Kinto.Schemas;
using Lockstep.Gateway.Kinto.Schemas.Patterns;

namespace Lockstep.Gateway.Protocol;

/// <summary>Patterns in schemas.</summary>
public sealed class PatternTests
{
    [Theory]
    [InlineData("", "", true)]
    [InlineData("abc", "xabcx", true)]
    [InlineData("^abc$", "abc\n", true)]
    [InlineData(@"\Aabc\Z", "abc\n", false)]
    [InlineData("a.c", "a\nc", false)]
    [InlineData("a|^b$|", "zz", true)]
    [InlineData("^(a|bc)+$", "abcbca", true)]
    [InlineData("^(a|bc)+$", "abcb", false)]
    [InlineData("^a{2,3}$", "aaaa", false)]
    [InlineData("^a{2,}$", "aaaa", true)]
    [InlineData("^a{,2}$", "aa", true)]
    [InlineData("a{x}", "a{x}", true)]
    [InlineData("^[a-c\\d_-]+$", "b3_-", true)]
    [InlineData("^[^a-c]$", "b", false)]
    [InlineData("^[]x]+$", "x]", true)]
    [InlineData(@"^\w+$", "añ_1", true)]
    [InlineData(@"^\d$", "٣", true)]
    [InlineData(@"^\S$", " ", false)]
    [InlineData(@"\bcat\b", "a cat.", true)]
    [InlineData(@"\bcat\b", "concat", false)]
    [InlineData(@"\Bcat", "concat", true)]
    [InlineData("^.$", "😀", true)]
    [InlineData("^[😀-😂]$", "😁", true)]
    [InlineData(@"^\u0041\x42\t$", "AB\t", true)]
    [InlineData("^(?:a*)*$", "aaab", false)]
    [InlineData("^(?P<x>a)(?<y>b)$", "ab", true)]
    [InlineData("a*?b", "aab", true)]
    [InlineData(@"^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$", "f81d4fae-7dec-11d0-a765-00a0c91e6bf6", true)]
    [InlineData(@"^https?://[^/\s]+(/.*)?$", "https://example.org/a b", true)]
    public void Pattern_IsFound_AsPythonAndEcmaScriptHaveIt(string pattern, string text, bool isThere) =>
        Assert.Equal(isThere, Pattern.Parse(pattern).IsIn(text, new SchemaWork(100_000)));

    [Fact]
    public void Pattern_OfBracesThatRepeatNothing_TakesMemoryForEachOnce()
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        var pattern = Pattern.Parse(new string('{', 1_900) + "}");
        var taken = GC.GetAllocatedBytesForCurrentThread() - before;

        Assert.True(pattern.IsIn(new string('{', 1_900) + "}", new SchemaWork(100_000_000)));
        Assert.InRange(taken, 1, 2_000_000);
    }

    [Theory]
    [InlineData("[zab-dc-fy\\d\\d]", "abcdefyz5", "gx-")]
    [InlineData("[^zab-dc-fy\\d]", "gx-", "abcdefyz5")]
    [InlineData("[a-cb-zA]", "abmzA", "B!")]
    public void Set_OfRangesThatOverlap_HasAllOfThem(string pattern, string inside, string outside)
    {
        var read = Pattern.Parse(pattern);
        Assert.All(inside, character => Assert.True(read.IsIn(character.ToString(), new SchemaWork(1_000))));
        Assert.All(outside, character => Assert.False(read.IsIn(character.ToString(), new SchemaWork(1_000))));
    }

    [Theory]
    [InlineData("(")]
    [InlineData("a)")]
    [InlineData("[a")]
    [InlineData("*a")]
    [InlineData("a**")]
    [InlineData("a{3,2}")]
    [InlineData("a{2000}")]
    [InlineData("[b-a]")]
    [InlineData(@"a\")]
    [InlineData(@"\q")]
    [InlineData(@"\p{L}")]
    [InlineData(@"\u12")]
    [InlineData("(?i)a")]
    [InlineData("(?<=a)b")]
    [InlineData("(a)\\1")]
    public void Text_ThatIsNoPattern_OrLooksAround_IsRefused(string text) => Assert.Throws<PatternException>(() => Pattern.Parse(text));

    [Fact]
    public void Pattern_OfManyGroupsInEachOther_IsRefused_HoweverLong()
    {
        Assert.Throws<PatternException>(() => Pattern.Parse(new string('(', 1_900)));
        Assert.Throws<PatternException>(() => Pattern.Parse(new string('a', 3_000)));
    }

    /// <summary>Against .NET's engine, which matches without going back too.</summary>
    [Fact]
    public void Patterns_ByChance_FindWhatAnotherEngineFinds()
    {
        var random = new Random(20);
        for (var i = 0; i < 2_000; i++)
        {
            var pattern = Any(3);
            var other = new Regex(pattern, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);
            var mine = Pattern.Parse(pattern);
            for (var j = 0; j < 10; j++)
            {
                var text = string.Concat(Enumerable.Range(0, random.Next(8)).Select(_ => "abc\n "[random.Next(5)]));
                Assert.True(other.IsMatch(text) == mine.IsIn(text, new SchemaWork(1_000_000)), $"{pattern} in '{text}'");
            }
        }

        string Any(int depth) => random.Next(depth == 0 ? 5 : 10) switch
        {
            0 => "a",
            1 => "b",
            2 => "[ab]",
            3 => "[^a]",
            4 => new[] { ".", "^", "$", "\\b", "\\w", "\\s" }[random.Next(6)],
            5 or 6 => Any(depth - 1) + Any(depth - 1),
            7 => $"({Any(depth - 1)}|{Any(depth - 1)})",
            8 => $"({Any(depth - 1)}){new[] { "*", "+", "?", "{2}", "{1,3}", "{0,}" }[random.Next(6)]}",
            _ => $"(?:{Any(depth - 1)})",
        };
    }

    /// <summary>Where an engine that goes back would take years.</summary>
    [Fact]
    public void Pattern_ThatExplodesElsewhere_TakesStepsInProportionToTheText()
    {
        var pattern = Pattern.Parse("^(a+)+$");

        Assert.False(pattern.IsIn(new string('a', 10_000) + "!", new SchemaWork(400_000)));
        Assert.False(pattern.IsIn(new string('a', 100_000) + "!", new SchemaWork(4_000_000)));
    }
}
