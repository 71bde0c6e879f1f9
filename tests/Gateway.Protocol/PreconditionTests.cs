using Lockstep.Gateway.Kinto;

namespace Lockstep.Gateway.Protocol;

public sealed class PreconditionTests(KintoServer server) : IClassFixture<KintoServer>
{
    private const string Record = KintoClient.Records + "/a";

    [Fact]
    public async Task IfMatch_OnAnObject_IsEqualityWithItsStamp()
    {
        using var client = await server.NewUserAsync();
        var first = await client.PutAsync(Record, """{"data":{"n":1}}""");
        var second = await client.PutAsync(Record, """{"data":{"n":2}}""", ("If-Match", first.ETag));
        Assert.Equal(200, second.Status);

        foreach (var (method, body) in new[] { ("PUT", """{"data":{"n":3}}"""), ("PATCH", """{"data":{"n":3}}"""), ("DELETE", null), ("GET", null) })
        {
            var failed = await client.SendAsync(method, Record, body, ("If-Match", first.ETag));
            failed.AssertError(412, KintoErrno.ModifiedMeanwhile);
            Assert.Equal(second.ETag, failed.ETag);
            Assert.Equal(second.Data.GetRawText(), failed.Json.GetProperty("details").GetProperty("existing").GetRawText());
        }

        Assert.Equal(200, (await client.DeleteAsync(Record, ("If-Match", second.ETag))).Status);
    }

    [Fact]
    public async Task IfMatch_OnAMissingObject_FailsAPut_AndIs404Elsewhere()
    {
        using var client = await server.NewUserAsync();
        foreach (var value in new[] { "*", "\"0\"", "\"5\"" })
        {
            var failed = await client.PutAsync(Record, """{"data":{}}""", ("If-Match", value));
            failed.AssertError(412, KintoErrno.ModifiedMeanwhile);
            Assert.False(failed.Json.TryGetProperty("details", out _));
        }

        (await client.DeleteAsync(Record, ("If-Match", "\"5\""))).AssertError(404, KintoErrno.InvalidResourceId);
        (await client.SendAsync("PATCH", Record, """{"data":{}}""", ("If-Match", "\"5\""))).AssertError(404, KintoErrno.InvalidResourceId);
        (await client.GetAsync(Record, ("If-Match", "\"5\""))).AssertError(404, KintoErrno.InvalidResourceId);
        Assert.Empty((await client.GetAsync(KintoClient.Records)).Ids);
        await client.PutAsync(Record, """{"data":{}}""");
        Assert.Equal(200, (await client.PutAsync(Record, """{"data":{}}""", ("If-Match", "*"))).Status);
    }

    [Fact]
    public async Task IfNoneMatchStar_CreatesOnly()
    {
        using var client = await server.NewUserAsync();
        Assert.Equal(201, (await client.PutAsync(Record, """{"data":{"n":1}}""", ("If-None-Match", "*"))).Status);
        (await client.PutAsync(Record, """{"data":{"n":2}}""", ("If-None-Match", "*"))).AssertError(412, KintoErrno.ModifiedMeanwhile);
        (await client.PostAsync(KintoClient.Records, """{"data":{"id":"a"}}""", ("If-None-Match", "*"))).AssertError(412, KintoErrno.ModifiedMeanwhile);
        await client.DeleteAsync(Record);
        Assert.Equal(201, (await client.PutAsync(Record, """{"data":{}}""", ("If-None-Match", "*"))).Status);
    }

    [Fact]
    public async Task IfNoneMatch_WithAStampOnAWrite_FailsWhenEqual()
    {
        using var client = await server.NewUserAsync();
        var written = await client.PutAsync(Record, """{"data":{}}""");
        (await client.PutAsync(Record, """{"data":{}}""", ("If-None-Match", written.ETag))).AssertError(412, KintoErrno.ModifiedMeanwhile);
        Assert.Equal(200, (await client.PutAsync(Record, """{"data":{}}""", ("If-None-Match", "\"5\""))).Status);
    }

    [Fact]
    public async Task IfNoneMatch_OnReads_Is304WhenEqual()
    {
        using var client = await server.NewUserAsync();
        await client.PutAsync(Record, """{"data":{}}""");
        foreach (var path in new[] { Record, KintoClient.Records, "/buckets/default", "/buckets/default/collections", "/buckets" })
        {
            var etag = (await client.GetAsync(path)).ETag;
            foreach (var method in new[] { "GET", "HEAD" })
            {
                var same = await client.SendAsync(method, path, null, ("If-None-Match", etag));
                Assert.Equal((304, "", etag), (same.Status, same.Text, same.ETag));
                Assert.Equal(304, (await client.SendAsync(method, path, null, ("If-None-Match", "W/" + etag))).Status);
                Assert.Equal(200, (await client.SendAsync(method, path, null, ("If-None-Match", "\"5\""))).Status);
            }
        }
    }

    [Fact]
    public async Task Lists_IfMatch_IsEqualityWithTheListsStamp()
    {
        using var client = await server.NewUserAsync();
        await client.PutAsync(Record, """{"data":{}}""");
        var list = await client.GetAsync(KintoClient.Records);
        await client.PutAsync(KintoClient.Records + "/b", """{"data":{}}""");

        (await client.GetAsync(KintoClient.Records, ("If-Match", list.ETag))).AssertError(412, KintoErrno.ModifiedMeanwhile);
        (await client.DeleteAsync(KintoClient.Records, ("If-Match", list.ETag))).AssertError(412, KintoErrno.ModifiedMeanwhile);
        (await client.GetAsync(KintoClient.Records, ("If-None-Match", "*"))).AssertError(412, KintoErrno.ModifiedMeanwhile);
        var now = await client.GetAsync(KintoClient.Records);
        Assert.Equal(2, (await client.DeleteAsync(KintoClient.Records, ("If-Match", now.ETag))).Ids.Count());
    }

    [Theory]
    [InlineData("If-Match", "123")]
    [InlineData("If-Match", "abc")]
    [InlineData("If-Match", "\"abc\"")]
    [InlineData("If-Match", "\"-5\"")]
    [InlineData("If-None-Match", "123")]
    [InlineData("If-None-Match", "\"99999999999999999999\"")]
    public async Task Header_ThatIsNoStamp_Is400(string name, string value)
    {
        using var client = await server.NewUserAsync();
        (await client.PutAsync(Record, """{"data":{}}""", (name, value))).AssertError(400, KintoErrno.InvalidParameters);
        (await client.GetAsync(KintoClient.Records, (name, value))).AssertError(400, KintoErrno.InvalidParameters);
    }
}
