using System.Text;
using System.Text.Json;
using Lockstep.Gateway.SyncStorage;

namespace Lockstep.Gateway.Tests;

/// <summary>The record by which clients of Sync know a storage.</summary>
public sealed class MetaGlobalTests
{
    [Fact]
    public void NewIds_AreOfTheFormAndLengthOfFirefox_AndAllElseStays()
    {
        const string before = """{"syncID":"aaaaaaaaaaaa","storageVersion":5,"declined":["ä\"\u2028"],"engines":{"tabs":{"version":1,"syncID":"bbbbbbbbbbbb"},"odd":1,"bare":{"version":2}},"big":12345678901234567890}""";

        var renewed = MetaGlobal.WithNewIds(Encoding.UTF8.GetBytes(before));

        using var document = JsonDocument.Parse(renewed!.Value);
        var (global, tabs) = (document.RootElement.GetProperty("syncID").GetString()!, document.RootElement.GetProperty("engines").GetProperty("tabs").GetProperty("syncID").GetString()!);
        Assert.Matches("^[A-Za-z0-9_-]{12}$", global);
        Assert.Matches("^[A-Za-z0-9_-]{12}$", tabs);
        Assert.NotEqual(global, tabs);
        using var same = JsonDocument.Parse(before.Replace("aaaaaaaaaaaa", global, StringComparison.Ordinal).Replace("bbbbbbbbbbbb", tabs, StringComparison.Ordinal));
        Assert.True(JsonElement.DeepEquals(same.RootElement, document.RootElement));
    }

    [Theory]
    [InlineData("")]
    [InlineData("no JSON")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("""{"syncID":1}""")]
    [InlineData("""{"syncID":null}""")]
    public void Record_WithoutAnId_IsLeftAlone(string payload) => Assert.Null(MetaGlobal.WithNewIds(Encoding.UTF8.GetBytes(payload)));
}
