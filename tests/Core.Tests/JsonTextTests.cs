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

    private static JsonElement Parse(string json)
    {
        using var document = JsonText.Parse(Encoding.UTF8.GetBytes(json));
        return document.RootElement.Clone();
    }
}
