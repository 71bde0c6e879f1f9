using System.Text;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Patches;
using Lockstep.Core.Records;
using Lockstep.Core.Time;

namespace Lockstep.Core.Tests;

public sealed class RecordPatchTests
{
    private static readonly StoredRecord Existing = new()
    {
        Id = "a",
        Modified = new ServerTimestamp(7),
        Body = """{"n":1.50,"o":{"x":1,"y":null},"l":[1,2],"s":"\ud800"}"""u8.ToArray(),
    };

    [Theory]
    [InlineData(PatchKind.Shallow, """{"n":2}""", """{"o":{"x":1,"y":null},"l":[1,2],"s":"\ud800","n":2}""")]
    [InlineData(PatchKind.Shallow, """{"o":{"z":1},"q":null}""", """{"n":1.50,"l":[1,2],"s":"\ud800","o":{"z":1},"q":null}""")]
    [InlineData(PatchKind.Shallow, """{"\u006e":3}""", """{"o":{"x":1,"y":null},"l":[1,2],"s":"\ud800","\u006e":3}""")]
    public void Shallow_ReplacesTopLevelFields_AndKeepsTheOthersByteForByte(PatchKind kind, string patch, string expected) =>
        Assert.Equal(expected, Apply(kind, Existing, patch));

    [Theory]
    [InlineData("""{"o":{"x":null,"z":[1]},"n":null}""", """{"l":[1,2],"o":{"y":null,"z":[1]}}""")]
    [InlineData("""{"l":{"a":{"b":null,"c":1}}}""", """{"n":1.50,"o":{"x":1,"y":null},"l":{"a":{"c":1}}}""")]
    public void Merge_FollowsRfc7396(string patch, string expected) =>
        Assert.Equal(expected, Apply(PatchKind.Merge, Existing with { Body = """{"n":1.50,"o":{"x":1,"y":null},"l":[1,2]}"""u8.ToArray() }, patch));

    [Theory]
    [InlineData("""[{"op":"add","path":"/data/l/1","value":9}]""", """{"l":[1,9,2],"o":{"x":1}}""")]
    [InlineData("""[{"op":"add","path":"/data/l/-","value":9}]""", """{"l":[1,2,9],"o":{"x":1}}""")]
    [InlineData("""[{"op":"remove","path":"/data/o/x"}]""", """{"l":[1,2],"o":{}}""")]
    [InlineData("""[{"op":"replace","path":"/data/l","value":null}]""", """{"o":{"x":1},"l":null}""")]
    [InlineData("""[{"op":"move","from":"/data/o/x","path":"/data/m~1n"}]""", """{"l":[1,2],"o":{},"m/n":1}""")]
    [InlineData("""[{"op":"copy","from":"/data/o","path":"/data/o/o"}]""", """{"l":[1,2],"o":{"x":1,"o":{"x":1}}}""")]
    [InlineData("""[{"op":"test","path":"/data/o","value":{"x":1.0}},{"op":"test","path":"/data/id","value":"a"}]""", """{"l":[1,2],"o":{"x":1}}""")]
    public void JsonPatch_FollowsRfc6902(string patch, string expected) =>
        Assert.Equal(expected, Apply(PatchKind.Operations, Simple, patch));

    [Theory]
    [InlineData("""[{"op":"test","path":"/data/o/x","value":2}]""")]
    [InlineData("""[{"op":"remove","path":"/data/none"}]""")]
    [InlineData("""[{"op":"add","path":"/data/l/3","value":1}]""")]
    [InlineData("""[{"op":"add","path":"/data/l/01","value":1}]""")]
    [InlineData("""[{"op":"add","path":"/permissions/read/x"}]""")]
    [InlineData("""[{"op":"move","from":"/data/o","path":"/data/o/x"}]""")]
    [InlineData("""[{"op":"replace","path":"/data","value":1}]""")]
    [InlineData("""[{"op":"replace","path":"/data/id","value":"b"}]""")]
    [InlineData("""[{"op":"remove","path":"/data"}]""")]
    [InlineData("""[{"op":"jump","path":"/data"}]""")]
    [InlineData("""[{"op":"add","path":"/data/x"}]""")]
    [InlineData("""[1]""")]
    public void JsonPatch_ThatCannotBeApplied_IsRefused(string patch)
    {
        var (data, invalid) = RecordPatch.Apply(PatchKind.Operations, Simple, Encoding.UTF8.GetBytes(patch));

        Assert.Null(data);
        Assert.NotNull(invalid);
    }

    [Theory]
    [InlineData("1e99999999999", "1e99999999999")]
    [InlineData("1.50", "15E-1")]
    [InlineData("-0.0", "0")]
    [InlineData("\"\\ud83d\"", "\"\\uD83D\"")]
    [InlineData("\"\\ud83d\\ude00 \\u00e9\"", "\"\U0001F600 é\"")]
    [InlineData("""{"a":[1,{"b":"\ud83d"}],"c":null}""", """{"c":null,"a":[1.0,{"\u0062":"\ud83d"}]}""")]
    public void JsonPatch_TestOfTheSameValue_SpelledOtherwise_Holds(string value, string same)
    {
        var test = $$"""[{"op":"test","path":"/data/v","value":{{same}}},{"op":"add","path":"/data/t","value":1}]""";

        Assert.Equal($$"""{"v":{{value}},"t":1}""", Apply(PatchKind.Operations, With(value), test));
        Assert.Equal($$$"""{"v":{{{value}}},"o":{"t":1},"t":1}""", Apply(PatchKind.Operations, With(value), $$$"""
            [{"op":"add","path":"/data/o","value":{}},{"op":"add","path":"/data/o/t","value":1},{"op":"test","path":"/data","value":
             {"o":{"t":1.0},"last_modified":7,"id":"a","v":{{{same}}} } },{"op":"copy","from":"/data/o/t","path":"/data/t"}]
            """));
    }

    [Theory]
    [InlineData("1e99999999999", "1e99999999998")]
    [InlineData("1.50", "1.5000000000000000000000000000000000001")]
    [InlineData("\"\\ud83d\"", "\"\\ud83e\"")]
    [InlineData("\"\\ud83d\"", "\"\\ufffd\"")]
    [InlineData("""{"a":1}""", """{"a":1,"b":1}""")]
    [InlineData("""{"a":1}""", """{"b":1}""")]
    [InlineData("""[1,2]""", """[1]""")]
    [InlineData("""[1,2]""", """{"0":1,"1":2}""")]
    [InlineData("null", "false")]
    public void JsonPatch_TestOfAnotherValue_IsRefused(string value, string other)
    {
        var (data, invalid) = RecordPatch.Apply(
            PatchKind.Operations, With(value), Encoding.UTF8.GetBytes($$"""[{"op":"test","path":"/data/v","value":{{other}}}]"""));

        Assert.Null(data);
        Assert.Equal(new Invalid(InvalidReason.PatchFailed, Detail: "test of '/data/v' failed"), invalid);
    }

    [Theory]
    [InlineData(PatchKind.Shallow, """{"x":1}""")]
    [InlineData(PatchKind.Merge, """{"x":1}""")]
    [InlineData(PatchKind.Operations, """[{"op":"add","path":"/data/x","value":1}]""")]
    public void Patch_KeepsWhatItDoesNotName_ByteForByte(PatchKind kind, string patch)
    {
        const string kept =
            """
            "s":"cut \ud83d","\u006e":1.50e+0,"e":1e99999999999,"t":"\u0041\/é","o":{ "y" : [1, "\uDE00"] , "z":null }
            """;
        var existing = Existing with { Body = Encoding.UTF8.GetBytes($"{{{kept}}}") };

        Assert.Equal($$"""{{{kept}},"x":1}""", Apply(kind, existing, patch));
    }

    [Theory]
    [InlineData(PatchKind.Merge, """{"o":{"x":1,"z":null}}""")]
    [InlineData(PatchKind.Operations, """[{"op":"remove","path":"/data/o/z"},{"op":"add","path":"/data/o/x","value":1}]""")]
    public void Patch_WithinAnObject_KeepsItsOtherMembersByteForByte(PatchKind kind, string patch)
    {
        var existing = Existing with { Body = """{"o":{ "y":"\ud83d", "z":0,"w" :[ 1.0 ]}}"""u8.ToArray() };

        Assert.Equal("""{"o":{"y":"\ud83d","w":[ 1.0 ],"x":1}}""", Apply(kind, existing, patch));
    }

    [Theory]
    [InlineData(PatchKind.Shallow, """{"x":"\ud83d"}""", """{"x":"\ud83d"}""")]
    [InlineData(PatchKind.Merge, """{"x":{"y":"\ud83d","z":null}}""", """{"x":{"y":"\ud83d"}}""")]
    [InlineData(PatchKind.Operations, """[{"op":"add","path":"/data/y","value":"\ud83d"},{"op":"move","from":"/data/y","path":"/data/a\"b\ud83d\ude00"},{"op":"copy","from":"/data/a\"b\ud83d\ude00","path":"/data/x"}]""", """{"a\"b😀":"\ud83d","x":"\ud83d"}""")]
    public void Patch_ThatBringsHalfASurrogatePair_IsApplied(PatchKind kind, string patch, string expected) =>
        Assert.Equal(expected, Apply(kind, Existing with { Body = "{}"u8.ToArray() }, patch).Replace("\\uD83D\\uDE00", "😀", StringComparison.Ordinal));

    [Theory]
    [InlineData(PatchKind.Shallow, """{"deleted":true}""")]
    [InlineData(PatchKind.Shallow, """{"d\u0065leted":"no"}""")]
    [InlineData(PatchKind.Merge, """{"deleted":{"by":null}}""")]
    [InlineData(PatchKind.Operations, """[{"op":"move","from":"/data/l","path":"/data/deleted"}]""")]
    [InlineData(PatchKind.Operations, """[{"op":"copy","from":"/data/o/x","path":"/data/deleted"}]""")]
    [InlineData(PatchKind.Operations, """[{"op":"replace","path":"/data","value":{"deleted":1e-3}}]""")]
    public void Patch_ThatLeadsToTheReservedFlag_IsRefusedByName(PatchKind kind, string patch)
    {
        var (data, invalid) = RecordPatch.Apply(kind, Simple, Encoding.UTF8.GetBytes(patch), "deleted");

        Assert.Null(data);
        Assert.Equal(new Invalid(InvalidReason.ReservedMember, Detail: "deleted"), invalid);
    }

    [Theory]
    [InlineData(PatchKind.Shallow, """{"deleted":null}""", """{"t":1,"deleted":null}""")]
    [InlineData(PatchKind.Shallow, """{"deleted":false}""", """{"t":1,"deleted":false}""")]
    [InlineData(PatchKind.Merge, """{"deleted":null}""", """{"t":1}""")]
    [InlineData(PatchKind.Operations, """[{"op":"remove","path":"/data/deleted"}]""", """{"t":1}""")]
    public void Patch_ThatTakesTheReservedFlagAway_IsApplied_AndAnyOtherIsRefused(PatchKind kind, string patch, string expected)
    {
        var existing = Existing with { Body = """{"deleted":true,"t":1}"""u8.ToArray() };

        var (data, invalid) = RecordPatch.Apply(kind, existing, Encoding.UTF8.GetBytes(patch), "deleted");

        Assert.Null(invalid);
        Assert.Equal(expected, Encoding.UTF8.GetString(data!.Body.Span));
        Assert.Equal(InvalidReason.ReservedMember, RecordPatch.Apply(PatchKind.Merge, existing, """{"t":2}"""u8.ToArray(), "deleted").Invalid!.Reason);
    }

    [Fact]
    public void JsonPatch_OfALongArray_DoesWhatAListDoes()
    {
        var random = new Random(10);
        var expected = Enumerable.Range(0, 5_000).ToList();
        var existing = Existing with { Body = Encoding.UTF8.GetBytes($$"""{"l":[{{string.Join(',', expected)}}]}""") };
        for (var round = 0; round < 12; round++)
        {
            var operations = new List<string>();
            for (var i = 0; i < 1000; i++)
            {
                var (at, value) = (random.Next(expected.Count + 1), 10_000 + i);
                if (at < expected.Count && random.Next(10) < (round < 6 ? 1 : 9))
                {
                    expected.RemoveAt(at);
                    operations.Add($$"""{"op":"remove","path":"/data/l/{{at}}"}""");
                }
                else
                {
                    expected.Insert(at, value);
                    operations.Add($$"""{"op":"add","path":"/data/l/{{(at == expected.Count - 1 && i % 2 == 0 ? "-" : $"{at}")}}","value":{{value}}}""");
                }
            }

            existing = existing with { Body = Encoding.UTF8.GetBytes(Apply(PatchKind.Operations, existing, $"[{string.Join(',', operations)}]")) };
            Assert.Equal($$"""{"l":[{{string.Join(',', expected)}}]}""", Encoding.UTF8.GetString(existing.Body.Span));
        }
    }

    [Fact]
    public void JsonPatch_RemovesTheLastItem_AndAddsToAnEmptyArray() => Assert.Equal(
        """{"l":[3],"o":{"x":1}}""",
        Apply(PatchKind.Operations, Simple, """[{"op":"remove","path":"/data/l/1"},{"op":"remove","path":"/data/l/0"},{"op":"add","path":"/data/l/0","value":3}]"""));

    [Theory]
    [InlineData("/data/x")]
    [InlineData("/data")]
    public void JsonPatch_ValuesMovedIntoEachOther_NestedBeyondTheStack_AreRefused(string copied)
    {
        const int depth = 90;
        var nest = string.Concat(Enumerable.Repeat("{\"n\":", depth)) + "{}" + new string('}', depth);
        var into = "/data/y" + string.Concat(Enumerable.Repeat("/n", depth));
        var pairs = string.Join(',', Enumerable.Repeat(
            $$"""{"op":"add","path":"/data/y","value":{{nest}}},{"op":"move","from":"/data/x","path":"{{into}}/n"},{"op":"move","from":"/data/y","path":"/data/x"}""", 330));

        var (data, invalid) = RecordPatch.Apply(
            PatchKind.Operations,
            Existing with { Body = """{"x":{}}"""u8.ToArray() },
            Encoding.UTF8.GetBytes($$"""[{{pairs}},{"op":"copy","from":"{{copied}}","path":"/data/z"}]"""));

        Assert.Null(data);
        Assert.Equal(new Invalid(InvalidReason.PatchTooDeep, 100), invalid);
    }

    [Fact]
    public void JsonPatch_CopiesThatDouble_AreRefusedBeforeMemoryIsGone()
    {
        var doubling = string.Join(',', Enumerable.Range(0, 64).Select(i => $$"""{"op":"copy","from":"/data/o","path":"/data/o/c{{i}}"}"""));

        var (data, invalid) = RecordPatch.Apply(PatchKind.Operations, Simple, Encoding.UTF8.GetBytes($"[{doubling}]"));

        Assert.Null(data);
        Assert.Contains("too large", invalid!.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void Result_DeeperThanCanBeReadAgain_IsRefused()
    {
        var nesting = string.Join(',', Enumerable.Range(0, 200).Select(i => $$$"""{"op":"add","path":"/data{{{string.Concat(Enumerable.Repeat("/n", i + 1))}}}","value":{}}"""));

        var (data, invalid) = RecordPatch.Apply(PatchKind.Operations, Simple, Encoding.UTF8.GetBytes($"[{nesting}]"));

        Assert.Null(data);
        Assert.NotNull(invalid);
    }

    [Fact]
    public void LastModified_CountsAsAWishOnlyIfThePatchChangesIt()
    {
        Assert.Null(RecordPatch.Apply(PatchKind.Merge, Simple, "{}"u8.ToArray()).Data!.LastModified);
        Assert.Equal(9, RecordPatch.Apply(PatchKind.Merge, Simple, """{"last_modified":9}"""u8.ToArray()).Data!.LastModified);
    }

    private static StoredRecord With(string value) => Existing with { Body = Encoding.UTF8.GetBytes($$$"""{"v":{{{value}}}}""") };

    private static StoredRecord Simple => Existing with { Body = """{"l":[1,2],"o":{"x":1}}"""u8.ToArray() };

    private static string Apply(PatchKind kind, StoredRecord existing, string patch)
    {
        var (data, invalid) = RecordPatch.Apply(kind, existing, Encoding.UTF8.GetBytes(patch));
        Assert.Null(invalid);
        return Encoding.UTF8.GetString(data!.Body.Span);
    }
}
