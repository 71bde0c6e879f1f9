using System.Text;
using Lockstep.Core.Json;
using Lockstep.Core.Patches;
using Lockstep.Core.Records;
using Lockstep.Core.Time;

namespace Lockstep.Core.Tests;

/// <summary>What patches cost, counted in steps: ten times the size is about ten times the work, and never the product of two sizes.</summary>
public sealed class JsonWorkTests
{
    private const int Few = 500;
    private const int Many = 10 * Few;

    // Ten, and a little for what does not grow evenly, such as the length of numbers.
    private const double AtMost = 13;

    public static TheoryData<string> Patches =>
    [
        "shallow", "shallow of all", "merge", "merge of nulls that are not there", "merge in depth", "remove", "replace", "add and test", "items at the front", "copies",
    ];

    [Theory]
    [MemberData(nameof(Patches))]
    public void Patch_OfTenTimesTheSize_IsAboutTenTimesTheWork(string patch)
    {
        var (small, large) = (StepsOf(patch, Few), StepsOf(patch, Many));

        Assert.InRange(large, 0, small * AtMost);
    }

    [Theory]
    [InlineData("\"{0}\"", "\"\\u0061\"")]
    [InlineData("\"{0}\\n\"", "\"\\n\"")]
    [InlineData("[\"{0}\",1]", "[\"\\u0061\",1]")]
    [InlineData("{{\"{0}\":1}}", "{{\"\\u0061\":1}}")]
    [InlineData("1.{1}", "1.00")]
    public void Test_OfALongValueWithAShortOne_DoesNotReadTheLongOne(string format, string other)
    {
        var steps = new[] { 1_000, 1_000_000 }.Select(length =>
        {
            var value = string.Format(System.Globalization.CultureInfo.InvariantCulture, format, new string('a', length), new string('0', length));
            var work = new JsonWork();
            var (_, invalid) = RecordPatch.Apply(
                PatchKind.Operations, Record($$"""{"v":{{value}}}"""), Utf8($$"""[{"op":"test","path":"/data/v","value":{{other.Replace("{{", "{").Replace("}}", "}")}}}]"""), null, work);
            Assert.True(invalid is null == (format.StartsWith("1.", StringComparison.Ordinal) && length == 1_000));
            return work.Steps;
        }).ToArray();

        Assert.True(steps[0] >= steps[1] - 1);
    }

    [Fact]
    public void Pointer_LongerThanAnythingIsDeep_IsRefusedInAFewWords()
    {
        var work = new JsonWork();
        var (_, invalid) = RecordPatch.Apply(
            PatchKind.Operations, Record("{}"), Utf8($$"""[{"op":"add","path":"/data{{string.Concat(Enumerable.Repeat("/a", 100_000))}}","value":1}]"""), null, work);

        Assert.InRange(invalid!.Detail!.Length, 1, 300);
        Assert.InRange(work.Steps, 0, 200);
    }

    [Theory]
    [MemberData(nameof(Patches))]
    public void Patch_ThatNobodyWaitsFor_Ends(string patch)
    {
        using var gone = new CancellationTokenSource();
        gone.Cancel();

        Assert.Throws<OperationCanceledException>(() => StepsOf(patch, Few, gone.Token));
    }

    [Fact]
    public void Changes_OfTenTimesTheSize_AreAboutTenTimesTheWork()
    {
        var steps = new[] { Few, Many }.Select(count =>
        {
            var work = new JsonWork();
            var changed = JsonChanges.Find(Fields(Enumerable.Range(1, count).Reverse()), Fields(Enumerable.Range(0, count)), work);
            Assert.Equal($"k{count}", JsonChanges.NameOf(Assert.Single(changed)));
            return work.Steps;
        }).ToArray();

        Assert.InRange(steps[1], 0, steps[0] * AtMost);
    }

    [Theory]
    [InlineData("""{"a":1,"b":2}""", """{"a":1,"b":2}""", "")]
    [InlineData("""{"a":1,"b":2}""", """{"b":2.0,"a":1e0}""", "")]
    [InlineData("""{"b":2,"a":1}""", """{"a":1,"c":3}""", "b")]
    [InlineData("""{"\u0061":"x","b":{"y":1,"x":[]}}""", """{"b":{"x":[],"y":1},"a":"\u0078"}""", "")]
    [InlineData("""{ "a" : [1, {"z":null}] , "b":true}""", """{"a":[1,{"z":0}],"b":true}""", "a")]
    [InlineData("""{"n":1,"a":"\ud83d"}""", """{"a":"\uD83D"}""", "n")]
    [InlineData("""{}""", """{"a":1}""", "")]
    [InlineData("""{"a":1}""", """{}""", "a")]
    public void Changes_AreWhatTheFormerStateHasNot(string now, string before, string expected) =>
        Assert.Equal(expected, string.Join(',', JsonChanges.Find(Utf8(now), Utf8(before)).Select(JsonChanges.NameOf)));

    private static long StepsOf(string patch, int count, CancellationToken givenUp = default)
    {
        // Operations are a thousand at most.
        var operations = Math.Min(count, Many) / 10;
        var (kind, body, text) = patch switch
        {
            "shallow" => (PatchKind.Shallow, Fields(Enumerable.Range(0, count)), Utf8("""{"a":1}""")),
            "shallow of all" => (PatchKind.Shallow, Fields(Enumerable.Range(0, count)), Fields(Enumerable.Range(0, count).Reverse())),
            "merge" => (PatchKind.Merge, Fields(Enumerable.Range(0, count)), Fields(Enumerable.Range(0, count / 2))),
            "merge of nulls that are not there" => (PatchKind.Merge, Fields(Enumerable.Range(0, count)), Utf8(ObjectOf(Enumerable.Range(0, count), static i => $"\"z{i}\":null"))),
            "merge in depth" => (PatchKind.Merge, Nested(count), Nested(count)),
            "remove" => (PatchKind.Operations, Fields(Enumerable.Range(0, count)), Operations(operations, i => $$"""{"op":"remove","path":"/data/k{{i}}"}""")),
            "replace" => (PatchKind.Operations, Fields(Enumerable.Range(0, count)), Operations(operations, i => $$"""{"op":"replace","path":"/data/k{{i}}","value":[]}""")),
            "add and test" => (PatchKind.Operations, Fields(Enumerable.Range(0, count)), Operations(operations, i => i % 2 == 0
                ? $$$"""{"op":"add","path":"/data/n","value":{"a":[{{{i}}}]}}"""
                : $$$"""{"op":"test","path":"/data/n","value":{"a":[{{{i - 1}}}]}}""")),
            "items at the front" => (PatchKind.Operations, Utf8($"{{\"l\":[{string.Join(',', Enumerable.Range(0, count))}]}}"), Operations(operations, i => i % 2 == 0
                ? """{"op":"add","path":"/data/l/0","value":[]}"""
                : """{"op":"remove","path":"/data/l/1"}""")),
            "copies" => (PatchKind.Operations, Fields(Enumerable.Range(0, count)), Operations(operations, static i => $$"""{"op":"copy","from":"/data/k{{i}}","path":"/data/c{{i}}"}""")),
            _ => throw new ArgumentOutOfRangeException(nameof(patch), patch, "unknown"),
        };
        var work = new JsonWork(givenUp);
        var (data, invalid) = RecordPatch.Apply(kind, Record(Encoding.UTF8.GetString(body)), text, null, work);
        Assert.Null(invalid);
        Assert.NotNull(data);
        return work.Steps;
    }

    private static StoredRecord Record(string body) => new() { Id = "a", Modified = new ServerTimestamp(7), Body = Utf8(body) };

    private static byte[] Fields(IEnumerable<int> numbers) => Utf8(ObjectOf(numbers, static i => $"\"k{i}\":{i}"));

    private static byte[] Nested(int count) => Utf8(ObjectOf(Enumerable.Range(0, count / 50), static i => $"\"n{i}\":{ObjectOf(Enumerable.Range(0, 50), static j => $"\"k{j}\":{j}")}"));

    private static byte[] Operations(int count, Func<int, string> operation) => Utf8($"[{string.Join(',', Enumerable.Range(0, count).Select(operation))}]");

    private static string ObjectOf(IEnumerable<int> numbers, Func<int, string> member) => $"{{{string.Join(',', numbers.Select(member))}}}";

    private static byte[] Utf8(string text) => Encoding.UTF8.GetBytes(text);
}
