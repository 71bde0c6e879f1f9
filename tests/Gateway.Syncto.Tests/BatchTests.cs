using System.Text.Json;
using Lockstep.Gateway.Sync15.Tests;

namespace Lockstep.Gateway.Syncto.Tests;

/// <summary>Several requests in one.</summary>
[Collection(SharedServer.Name)]
public sealed class BatchTests(SynctoServers servers)
{
    [Fact]
    public async Task Batch_CarriesOutItsParts_InOrder_WithDefaultsUnderTheirOwn()
    {
        using var user = await servers.NewUserAsync();
        var records = $"/buckets/{user.State}/collections/bookmarks/records";

        var batch = await user.Syncto.BatchAsync($$$"""
            {"defaults":{"method":"PUT","headers":{"If-None-Match":"*"},"body":{"data":{"sortindex":5}} },"requests":[
              {"path":"{{{records}}}/a","body":{"data":{"payload":"1"}} },
              {"path":"/v1{{{records}}}/b"},
              {"path":"/syncto/v1{{{records}}}/a","body":{"data":{"payload":"2"}} },
              {"method":"GET","path":"{{{records}}}/a","headers":{"If-None-Match":""}},
              {"method":"HEAD","path":"{{{records}}}?_limit=1","headers":{"If-None-Match":""}},
              {"method":"DELETE","path":"{{{records}}}/b","headers":{"If-None-Match":""}},
              {"method":"GET","path":"{{{records}}}/b","headers":{"If-None-Match":""}},
              {"method":"GET","path":"/","headers":{"If-None-Match":""}}]}
            """);

        var parts = Parts(batch);
        Assert.Equal([200, 200, 412, 200, 200, 200, 404, 200], parts.Select(static part => part.GetProperty("status").GetInt32()));
        Assert.Equal("/v1" + records + "/a", parts[0].GetProperty("path").GetString());
        Assert.Equal("1", parts[0].GetProperty("body").GetProperty("data").GetProperty("payload").GetString());
        Assert.Equal(5, parts[1].GetProperty("body").GetProperty("data").GetProperty("sortindex").GetInt32());
        Assert.Equal("1", parts[2].GetProperty("body").GetProperty("details").GetProperty("existing").GetProperty("payload").GetString());
        Assert.Equal("1", parts[3].GetProperty("body").GetProperty("data").GetProperty("payload").GetString());
        Assert.Equal($"\"{parts[0].GetProperty("body").GetProperty("data").GetProperty("last_modified")}\"", parts[3].GetProperty("headers").GetProperty("ETag").GetString());
        Assert.Equal("{}", parts[4].GetProperty("body").GetRawText());
        Assert.True(parts[4].GetProperty("headers").TryGetProperty("Next-Page", out _));
        Assert.Equal($$$"""{"data":{"id":"b","last_modified":{{{parts[5].GetProperty("body").GetProperty("data").GetProperty("last_modified")}}},"deleted":true}}""", parts[5].GetProperty("body").GetRawText());
        Assert.Equal(110, parts[6].GetProperty("body").GetProperty("errno").GetInt32());
        Assert.Equal("syncto", parts[7].GetProperty("body").GetProperty("hello").GetString());
    }

    [Fact]
    public async Task Parts_HaveDifferentStamps_AndOneThatFailsStopsNoOther()
    {
        using var user = await servers.NewUserAsync();
        var requests = string.Join(',', Enumerable.Range(0, 25).Select(i => $$$"""
            {"method":"PUT","path":"/buckets/{{{user.State}}}/collections/{{{(i == 7 ? "passwords" : "bookmarks")}}}/records/r{{{i}}}","body":{"data":{"payload":"p"} } }
            """));

        var parts = Parts(await user.Syncto.BatchAsync($$"""{"requests":[{{requests}}]}"""));

        Assert.Equal(405, parts[7].GetProperty("status").GetInt32());
        Assert.Equal(24, parts.Where(static part => part.GetProperty("status").GetInt32() == 200)
            .Select(static part => part.GetProperty("body").GetProperty("data").GetProperty("last_modified").GetInt64()).Distinct().Count());
        Assert.Equal(24, (await user.Device.GetAsync("/storage/bookmarks")).AssertOk().Ids.Count());
    }

    [Fact]
    public async Task Parts_MayHaveCredentialsOfTheirOwn()
    {
        using var one = await servers.NewUserAsync();
        using var two = await servers.NewUserAsync();
        await two.Device.PutAsync("/storage/tabs/t", """{"payload":"of two"}""");

        var parts = Parts(await one.Syncto.BatchAsync($$$"""
            {"requests":[
              {"path":"/history","headers":{"Authorization":"Bearer {{{two.Syncto.Token}}}","X-Client-State":"{{{two.State}}}"} },
              {"path":"/tabs","headers":{"authorization":"Bearer {{{two.Syncto.Token}}}","x-client-state":"{{{two.State}}}"} },
              {"path":"/tabs","headers":{"X-Client-State":"{{{two.State}}}"} },
              {"path":"/tabs","headers":{"X-Client-State":"{{{one.State}}}"} }]}
            """));

        Assert.Equal([200, 200, 401, 200], parts.Select(static part => part.GetProperty("status").GetInt32()));
        Assert.Equal("of two", parts[1].GetProperty("body").GetProperty("items")[0].GetProperty("payload").GetString());
        Assert.Equal(0, parts[3].GetProperty("body").GetProperty("items").GetArrayLength());
    }

    [Theory]
    [InlineData("", 106)]
    [InlineData("[]", 109)]
    [InlineData("{}", 109)]
    [InlineData("""{"requests":{}}""", 109)]
    [InlineData("""{"requests":[1]}""", 109)]
    [InlineData("""{"requests":[{"path":"v1/history"}]}""", 109)]
    [InlineData("""{"requests":[{"path":"/history","method":"get"}]}""", 109)]
    [InlineData("""{"requests":[{"path":"/history","more":1}]}""", 109)]
    [InlineData("""{"requests":[{"path":"/history","headers":{"a":1}}]}""", 109)]
    [InlineData("""{"requests":[{"path":"/history","headers":{"a":"1","A":"2"}}]}""", 109)]
    [InlineData("""{"requests":[{"path":"/history","body":[]}]}""", 109)]
    [InlineData("""{"defaults":[],"requests":[]}""", 109)]
    [InlineData("""{"requests":[{"path":"/batch","method":"POST"}]}""", 109)]
    [InlineData("""{"requests":[{"path":"/v1/batch/","method":"POST"}]}""", 109)]
    public async Task Body_ThatIsNoBatch_IsRefusedWhole(string body, int errno)
    {
        using var user = await servers.NewUserAsync();

        (await user.Syncto.BatchAsync(body)).AssertRefused(400, errno);
    }

    [Fact]
    public async Task Batch_OfMoreThanTheLimit_IsRefused_WithTheLimit()
    {
        using var user = await servers.NewUserAsync();
        var requests = string.Join(',', Enumerable.Repeat("""{"path":"/"}""", 26));

        var refused = (await user.Syncto.BatchAsync($$"""{"requests":[{{requests}}]}""")).AssertRefused(400, 109);

        Assert.EndsWith("Number of requests is limited to 25", refused.Json.GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Parts_ThatNameNothing_AreAnsweredByThemselves()
    {
        using var user = await servers.NewUserAsync();

        var parts = Parts(await user.Syncto.BatchAsync("""{"requests":[{"path":"/nothing"},{"path":"/v2/"},{"path":"/history","method":"POST"},{"path":"/history?%zz"},{"path":"/__heartbeat__"}]}"""));

        Assert.Equal([404, 404, 405, 400, 200], parts.Select(static part => part.GetProperty("status").GetInt32()));
    }

    private static JsonElement[] Parts(SyncAnswer answer) => [.. answer.AssertStatus(200).Json.GetProperty("responses").EnumerateArray()];
}
