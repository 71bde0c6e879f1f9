using System.Text;
using System.Text.Json;
using Lockstep.Core.Json;
using Lockstep.Core.Records;

namespace Lockstep.Core.Tests;

public sealed class JsonTextTests
{
    [Theory]
    [InlineData("""
        "plain é 😀"
        """, "plain é 😀")]
    [InlineData("""
        "\"\\\/\b\f\n\r\t"
        """, "\"\\/\b\f\n\r\t")]
    [InlineData("""
        "\u0041é\u00e9\ud83d\uDE00x"
        """, "Aéé😀x")]
    [InlineData("""
        ""
        """, "")]
    public void Text_IsReadWhole(string json, string expected)
    {
        Assert.Equal(expected, JsonText.Read(Parse(json)));
        Assert.Equal(expected, JsonText.Decode(Parse(json)));
        Assert.Equal(expected, Parse(json).GetString());
    }

    /// <summary>Here <c>&lt;</c> stands for the first half of a pair and <c>&gt;</c> for the second, which attributes cannot hold.</summary>
    [Theory]
    [InlineData("cut <")]
    [InlineData("> cut")]
    [InlineData("><")]
    [InlineData("<<>")]
    public void Text_WithHalfASurrogatePair_IsNotRead_AndDecodedAsItIs(string text)
    {
        var json = Parse($"\"{text.Replace("<", "\\ud83d", StringComparison.Ordinal).Replace(">", "\\uDE00", StringComparison.Ordinal)}\"");
        Assert.Null(JsonText.Read(json));
        Assert.Equal(text.Replace('<', '\ud83d').Replace('>', '\ude00').ToCharArray(), JsonText.Decode(json).ToCharArray());
    }

    [Theory]
    [InlineData("1")]
    [InlineData("null")]
    [InlineData("[]")]
    public void Text_ThatIsNone_IsNotRead(string json) => Assert.Null(JsonText.Read(Parse(json)));

    /// <summary>Names of few objects are compared in another way than those of many, and those with escapes.</summary>
    [Theory]
    [InlineData(2, "")]
    [InlineData(64, "")]
    [InlineData(65, "")]
    [InlineData(300, "")]
    [InlineData(3, "\\u0061")]
    public void Name_GivenTwiceAmongSoMany_IsRefused_AndEachOnceIsNot(int count, string escape)
    {
        var names = Enumerable.Range(1, count).Select(number => $"{escape} of one beginning {number}").ToList();

        Assert.Equal(count, Parse(Object(names))[0].GetPropertyCount());
        Assert.Contains("is given twice in one object", Fault(Encoding.UTF8.GetBytes(Object([.. names, names[0]]))), StringComparison.Ordinal);

        static string Object(IEnumerable<string> names) => $"[{{{string.Join(',', names.Select(name => $"\"{name}\":{{\"{name}\":[]}}"))}}}]";
    }

    /// <summary>Here <c>&lt;</c> stands for the first half of a pair.</summary>
    [Theory]
    [InlineData("", "The text is not JSON (line 1, byte 1).")]
    [InlineData("{\"a\":\n 01}", "The text is not JSON (line 2, byte 3).")]
    [InlineData("{}x", "The text is not JSON (line 1, byte 3).")]
    [InlineData("{\"a\":1,\"a\":2}", "The name \"a\" is given twice in one object (line 1, byte 8).")]
    [InlineData("[{\"a\":1},\n{\"b\":{\"a\":1},\"\\u0062\":2}]", "The name \"b\" is given twice in one object (line 2, byte 14).")]
    [InlineData("{\"<\":1}", "A name has half a surrogate pair in it (line 1, byte 2).")]
    public void Fault_OfAText_IsSaidWithItsPlace(string json, string message) =>
        Assert.Equal(message, Fault(Encoding.UTF8.GetBytes(json.Replace("<", "\\ud83d", StringComparison.Ordinal))));

    [Fact]
    public void Fault_OfBytes_IsSaidWithItsPlace() =>
        Assert.Equal("The text is not UTF-8 (line 2, byte 6).", Fault([.. "{\"é\":\n\"😀"u8, 0xff, .. "\"}"u8]));

    [Theory]
    [InlineData(JsonText.MaxDepth, 0)]
    [InlineData(JsonText.MaxDepth + 1, 101)]
    [InlineData(1_000_000, 101)]
    public void Fault_OfDepth_IsSaidWithItsPlace(int depth, int place)
    {
        var json = Encoding.UTF8.GetBytes(new string('[', depth) + new string(']', depth));
        if (place == 0)
        {
            using var document = JsonText.Parse(json);
            return;
        }

        Assert.Equal($"More than 100 objects and arrays lie in each other (line 1, byte {place}).", Fault(json));
    }

    [Fact]
    public void Fault_WithALongName_ShowsItsBeginning()
    {
        var name = new string('a', 99) + "😀" + new string('b', 1_000);
        Assert.Equal(
            $"The name \"{new string('a', 99)}…\" is given twice in one object (line 1, byte 1110).",
            Fault(Encoding.UTF8.GetBytes($$"""{"{{name}}":1,"{{name}}":2}""")));
    }

    [Theory]
    [InlineData("true", true)]
    [InlineData("1", true)]
    [InlineData("-1e-300", true)]
    [InlineData("1e999", true)]
    [InlineData("[]", true)]
    [InlineData("{}", true)]
    [InlineData("\"false\"", true)]
    [InlineData("\"\\ud83d\"", true)]
    [InlineData("false", false)]
    [InlineData("null", false)]
    [InlineData("0", false)]
    [InlineData("-0.0e9", false)]
    [InlineData("1e-999", false)]
    [InlineData("\"\"", false)]
    public void Truthy_IsWhatJavaScriptTakesForTrue(string json, bool expected) => Assert.Equal(expected, JsonText.IsTruthy(Parse(json)));

    [Theory]
    [InlineData(JsonMergeRule.Replace, """{"a":1.0,"b":"\ud83d","o":{"y":2}}""")]
    [InlineData(JsonMergeRule.Deep, """{"a":1.0,"b":"\ud83d","o":{ "x":1,"n":null,"y":2}}""")]
    [InlineData(JsonMergeRule.MergePatch, """{"a":1.0,"b":"\ud83d","o":{ "x":1,"n":null,"y":2}}""")]
    public void Merge_ByEachRule_KeepsBytes(JsonMergeRule rule, string expected)
    {
        var output = new System.Buffers.ArrayBufferWriter<byte>();
        JsonMerge.Write(output, Parse("""{"a":1.0,"o":{ "x":1,"n":null},"b":"\ud83d"}"""), Parse("""{"o":{"y":2}}"""), rule);
        Assert.Equal(expected.Replace("{ ", "{", StringComparison.Ordinal), Encoding.UTF8.GetString(output.WrittenSpan));
    }

    private static string Fault(byte[] json) => Assert.Throws<JsonException>(() => JsonText.Parse(json).Dispose()).Message;

    private static JsonElement Parse(string json)
    {
        using var document = JsonText.Parse(Encoding.UTF8.GetBytes(json));
        return document.RootElement.Clone();
    }
}
