using System.Text;
using System.Text.Json;
using Lockstep.Core.Records;

namespace Lockstep.Core.Tests;

/// <summary>What texts weigh, and what becomes of the memory of the heavy ones.</summary>
public sealed class JsonWeightTests
{
    [Theory]
    [InlineData("1")]
    [InlineData("[]")]
    [InlineData(" [ ] ")]
    [InlineData("[[],[],{}]")]
    [InlineData("""{"a":[1,2,{"b":null}],"c":"d","e":{}}""")]
    [InlineData("""["a,b:[{","\"[]"]""")]
    public void Weight_IsAtLeastThatOfTheRowsOfTheFramework(string text)
    {
        var json = Encoding.UTF8.GetBytes(text);
        var reader = new Utf8JsonReader(json);
        var tokens = 0;
        while (reader.Read())
        {
            tokens++;
        }

        Assert.InRange(JsonWeight.RowsOf(json), tokens, 3 * tokens);
    }

    [Fact]
    public void Weight_OfManyEmptyArrays_CountsEachOnce() => Assert.InRange(JsonWeight.RowsOf(Many(1_000)), 2_002, 2_003);

    /// <summary>A pool keeps what is given back to it, for each thread.</summary>
    [Theory]
    [InlineData(10, false)]
    [InlineData(60_000, true)]
    public void Text_OfManyValues_DoesNotGiveItsMemoryToThePool(int count, bool isLarge)
    {
        foreach (var parsed in new[] { JsonText.Parse(Many(count)), JsonText.ParseAgain(Many(count)) })
        {
            JsonElement root;
            using (parsed)
            {
                root = parsed.RootElement;
                Assert.Equal(count, root.GetArrayLength());
            }

            Assert.Equal(isLarge, Record.Exception(() => root.GetArrayLength()) is null);
        }
    }

    [Theory]
    [InlineData("""{"a":1,"a":2}""", "The name \"a\" is given twice in one object")]
    [InlineData("{", "The text is not JSON")]
    [InlineData("[\"\\ud800\", {\"\\ud800\":1}]", "A name has half a surrogate pair in it")]
    public void Text_OfManyValues_WithAFault_IsRefusedLikeAnyOther(string last, string message)
    {
        var text = Encoding.UTF8.GetBytes($"[{string.Concat(Enumerable.Repeat("[],", 60_000))}{last}]");

        Assert.StartsWith(message, Assert.Throws<JsonException>(() => JsonText.Parse(text).Dispose()).Message, StringComparison.Ordinal);
    }

    private static byte[] Many(int count) => Encoding.UTF8.GetBytes($"[{string.Join(',', Enumerable.Repeat("[]", count))}]");
}
