using System.Text;
using System.Text.Json;
using CsCheck;
using Lockstep.Core.Lists;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Records;
using Lockstep.Core.Time;

namespace Lockstep.Core.Tests;

public sealed class SortKeyTests
{
    // Each text once; what is equal by value stands in one entry.
    private static readonly string[] Spelled =
    [
        "null", "\"\"", "\"\\u0000\"", "\"\\u0000a\"", "\"\\u0001\"", "\"\\u0002\"", "\"a\"", "\"a\\u0000\"", "\"ab\"", "\"\\u0061b\"", "\"é\"", "\"\\ud800\"", "\"😀\"", "\"\\uffff\"", "\"\\ue000\"",
        "-1e999", "-79228162514264337593543950335", "-1.5", "-1", "-0", "0", "0.0", "1e-400", "1", "1.0", "1.00000000000000000001", "0.99999999999999999999", "9007199254740993",
        "9007199254740992", "9007199254740992.5", "1e28", "1e30", "1e999", "false", "true", "[]", "[1]", "[null]", "[2]", "[\"a\",1]", "[1,2]", "[[],[]]", "{}", "{\"a\":1}", "{\"a\":2}",
        "{\"\\u0061\":1.0}", "{\"b\":0}", "{\"b\":1,\"a\":1}", "{\"a\":1,\"b\":1}", "{\"a\":1,\"b\":[]}",
    ];

    [Fact]
    public void Keys_AreInTheOrderOfTheirValues_AlsoTurnedOver_AndInARow()
    {
        using var document = JsonDocument.Parse($"[{string.Join(',', Spelled)}]");
        JsonElement[] values = [.. document.RootElement.EnumerateArray(), default];
        foreach (var a in values)
        {
            foreach (var b in values)
            {
                var expected = Math.Sign(JsonOrder.Compare(a, b));
                Assert.Equal((TextOf(a), TextOf(b), expected), (TextOf(a), TextOf(b), Math.Sign(KeyOf(false, a).CompareTo(KeyOf(false, b)))));
                Assert.Equal(-expected, Math.Sign(KeyOf(true, a).CompareTo(KeyOf(true, b))));
                Assert.Equal(expected == 0 ? -1 : expected, Math.Sign(KeyOf(false, a, values[0]).CompareTo(KeyOf(false, b, values[1]))));
            }
        }
    }

    [Fact]
    public void Keys_OfRandomValues_AreInTheirOrder()
    {
        var spelled = Gen.Int[0, Spelled.Length - 1].Select(static i => Spelled[i]);
        var value = Gen.Recursive<string>((depth, inner) => depth == 3
            ? spelled
            : Gen.OneOf(
                spelled,
                Gen.Double[-1e30, 1e30].Select(static number => JsonSerializer.Serialize(number)),
                Gen.Decimal.Select(static number => JsonSerializer.Serialize(number)),
                inner.Array[0, 3].Select(static items => $"[{string.Join(',', items)}]"),
                inner.Array[0, 3].Select(static items => $"{{{string.Join(',', items.Select(static (item, i) => $"\"{(char)('c' - i)}\":{item}"))}}}")));
        Gen.Select(value, value).Sample((left, right) =>
        {
            using var a = JsonDocument.Parse(left);
            using var b = JsonDocument.Parse(right);
            return Math.Sign(JsonOrder.Compare(a.RootElement, b.RootElement))
                == Math.Sign(KeyOf(false, a.RootElement).CompareTo(KeyOf(false, b.RootElement)));
        });
    }

    [Fact]
    public void Key_OfAnyValue_IsShort_AndGoesByWhatIsInFront()
    {
        var texts = new[] { new string('a', 1 << 20), $"{new string('a', 1 << 20)}b", $"b{new string('a', 1 << 20)}" };
        var keys = texts.Select(text => KeyOf(false, JsonSerializer.SerializeToElement(text))).ToList();

        Assert.All(keys, static key => Assert.InRange(key.Key.Length, 1, SortKey.MaxLength));
        Assert.Equal(0, keys[0].CompareTo(keys[1]));
        Assert.True(keys[1].CompareTo(keys[2]) < 0);
        var many = JsonSerializer.SerializeToElement(Enumerable.Range(0, 100_000).ToDictionary(static i => $"k{i}", static i => i));
        Assert.InRange(KeyOf(false, [.. Enumerable.Repeat(many, 10)]).Key.Length, 1, SortKey.MaxLength);
    }

    [Fact]
    public void Page_ThatNobodyWaitsFor_Ends()
    {
        using var gone = new CancellationTokenSource();
        gone.Cancel();

        Assert.Throws<OperationCanceledException>(() => RecordSelection.Page([Record(0)], new ListQuery { Limit = 10, Sort = [new SortField("a", false)] }, default, gone.Token));
    }

    [Fact]
    public void Pages_ByValuesThatAreEqualInFront_ShowEveryRecordOnce()
    {
        StoredRecord[] records = [.. Enumerable.Range(0, 20).Select(Record)];
        var query = new ListQuery { Limit = 3, Sort = [new SortField("a", Descending: true), new SortField("n.x", false), new SortField("m", false)] };
        var seen = new List<string>();
        for (PageFound? page = null; page is null || page.Next is not null;)
        {
            page = Assert.IsType<PageFound>(RecordSelection.Page(records, query with { Cursor = page?.Next }, new ServerTimestamp(100)));
            seen.AddRange(page.Records.Select(static record => record.Id));
        }

        Assert.Equal(records.Select(static record => record.Id).Order(StringComparer.Ordinal), seen.Order(StringComparer.Ordinal));
    }

    private static string TextOf(JsonElement value) => value.ValueKind == JsonValueKind.Undefined ? "" : value.GetRawText();

    private static StoredRecord Record(int number) => new()
    {
        Id = $"r{number}",
        Modified = new ServerTimestamp(number + 1),
        Body = Encoding.UTF8.GetBytes($$$"""{"a":"{{{new string('x', 1_700)}}}{{{number % 3}}}","n":{"x":{{{number % 2}}}}}"""),
    };

    private static FieldSortEntry KeyOf(bool isDescending, params JsonElement[] values)
    {
        var key = new SortKey(values.Length);
        foreach (var value in values)
        {
            key.Add(value, isDescending);
        }

        return new FieldSortEntry(key.Take(), default, "", null);
    }
}
