namespace Lockstep.Gateway.Syncto.Tests;

/// <summary>Conditions of requests, in all four headers.</summary>
[Collection(SharedServer.Name)]
public sealed class ConditionTests(SynctoServers servers)
{
    private const string Body = """{"data":{"payload":"p"}}""";

    [Theory]
    [InlineData("If-Match")]
    [InlineData("If-Unmodified-Since")]
    public async Task Write_OfWhatHasChangedSince_Is412_WithTheRecordAsItIs(string header)
    {
        using var user = await servers.NewUserAsync();
        var path = user.Syncto.Records() + "/aaa";
        var first = (await user.Syncto.PutAsync(path, Body)).ETag();
        var second = (await user.Syncto.PutAsync(path, """{"data":{"payload":"now","sortindex":2}}""", (header, $"\"{first}\""))).AssertStatus(200).ETag();

        var put = (await user.Syncto.PutAsync(path, Body, (header, $"\"{first}\""))).AssertRefused(412, 114, "Resource was modified meanwhile");
        var deleted = (await user.Syncto.DeleteAsync(path, (header, $"W/\"{first}\""))).AssertRefused(412, 114);

        var existing = $$$"""{"id":"aaa","last_modified":{{{second}}},"payload":"now","sortindex":2}""";
        Assert.Equal(existing, put.Json.GetProperty("details").GetProperty("existing").GetRawText());
        Assert.Equal(existing, deleted.Json.GetProperty("details").GetProperty("existing").GetRawText());
        Assert.Equal(second, put.ETag());
        (await user.Syncto.DeleteAsync(path, (header, $"\"{second}\""))).AssertStatus(204);
    }

    [Theory]
    [InlineData("If-None-Match")]
    [InlineData("If-Modified-Since")]
    public async Task Read_OfWhatHasNotChangedSince_Is304_WithTheETag(string header)
    {
        using var user = await servers.NewUserAsync();
        var stamp = (await user.Syncto.PutAsync(user.Syncto.Records() + "/aaa", Body)).ETag();

        foreach (var path in new[] { user.Syncto.Records(), user.Syncto.Records() + "/aaa" })
        {
            var same = (await user.Syncto.GetAsync(path, (header, $"\"{stamp}\""))).AssertStatus(304);
            Assert.Equal((stamp, ""), (same.ETag(), same.Text));
            (await user.Syncto.GetAsync(path, (header, $"\"{stamp - 10}\""))).AssertStatus(200);
            (await user.Syncto.GetAsync(path, ("If-Match", $"\"{stamp - 10}\""))).AssertRefused(412, 114);
        }
    }

    [Theory]
    [InlineData("*")]
    [InlineData("\"*\"")]
    public async Task Put_OfWhatMayNotBeThere_IsCreateOnly(string any)
    {
        using var user = await servers.NewUserAsync();
        var path = user.Syncto.Records() + "/aaa";

        (await user.Syncto.PutAsync(path, Body, ("If-None-Match", any))).AssertStatus(200);
        (await user.Syncto.PutAsync(path, Body, ("If-None-Match", any))).AssertRefused(412, 114);
    }

    [Theory]
    [InlineData("If-Match", "123", "headers: Invalid value for If-Match")]
    [InlineData("If-Match", "*", "headers: Invalid value for If-Match")]
    [InlineData("If-Match", "\"\"", "headers: Invalid value for If-Match")]
    [InlineData("If-None-Match", "\"abc\"", "headers: Invalid value for If-None-Match")]
    [InlineData("If-None-Match", "-1", "headers: Invalid value for If-None-Match")]
    [InlineData("If-Modified-Since", "5", "headers: Invalid value for If-Modified-Since")]
    [InlineData("If-Unmodified-Since", "Sat, 29 Oct 1994 19:43:31 GMT", "headers: Invalid value for If-Unmodified-Since")]
    public async Task Value_ThatIsNoETag_Is400(string header, string value, string message)
    {
        using var user = await servers.NewUserAsync();

        (await user.Syncto.GetAsync(user.Syncto.Records(), (header, value))).AssertRefused(400, 107, message);
        (await user.Syncto.PutAsync(user.Syncto.Records() + "/aaa", Body, (header, value))).AssertRefused(400, 107, message);
    }

    [Fact]
    public async Task Headers_OfBothKinds_Are400_AndTheOneWithAnETagGoesBeforeADate()
    {
        using var user = await servers.NewUserAsync();
        var stamp = (await user.Syncto.PutAsync(user.Syncto.Records() + "/aaa", Body)).ETag();

        (await user.Syncto.GetAsync(user.Syncto.Records(), ("If-Match", "\"1\""), ("If-None-Match", "\"1\""))).AssertRefused(400, 107);
        (await user.Syncto.GetAsync(user.Syncto.Records(), ("If-None-Match", $"\"{stamp}\""), ("If-Modified-Since", "Sat, 29 Oct 1994 19:43:31 GMT"))).AssertStatus(304);
        (await user.Syncto.GetAsync(user.Syncto.Records(), ("If-Modified-Since", "Fri, 29 Oct 2094 19:43:31 GMT"))).AssertStatus(200);
    }
}
