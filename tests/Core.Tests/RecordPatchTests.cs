using System.Text;
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
    [InlineData("1e99999999999")]
    [InlineData("\"\\ud800\"")]
    public void JsonPatch_TestOfAValueThatCannotBeCompared_IsRefused(string value)
    {
        var existing = Simple with { Body = Encoding.UTF8.GetBytes($$"""{"n":{{value}}}""") };
        var (data, invalid) = RecordPatch.Apply(
            PatchKind.Operations, existing, Encoding.UTF8.GetBytes($$"""[{"op":"test","path":"/data/n","value":{{value}}}]"""));

        Assert.True(data is not null || invalid is not null);
    }

    [Fact]
    public void JsonPatch_CopiesThatDouble_AreRefusedBeforeMemoryIsGone()
    {
        var doubling = string.Join(',', Enumerable.Range(0, 64).Select(i => $$"""{"op":"copy","from":"/data/o","path":"/data/o/c{{i}}"}"""));

        var (data, invalid) = RecordPatch.Apply(PatchKind.Operations, Simple, Encoding.UTF8.GetBytes($"[{doubling}]"));

        Assert.Null(data);
        Assert.Contains("too large", invalid!.Reason, StringComparison.Ordinal);
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

    private static StoredRecord Simple => Existing with { Body = """{"l":[1,2],"o":{"x":1}}"""u8.ToArray() };

    private static string Apply(PatchKind kind, StoredRecord existing, string patch)
    {
        var (data, invalid) = RecordPatch.Apply(kind, existing, Encoding.UTF8.GetBytes(patch));
        Assert.Null(invalid);
        return Encoding.UTF8.GetString(data!.Body.Span);
    }
}
