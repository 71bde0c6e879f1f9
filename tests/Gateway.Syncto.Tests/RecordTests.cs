using Lockstep.Gateway.Sync15.Tests;

namespace Lockstep.Gateway.Syncto.Tests;

/// <summary>Records: what a page writes a device of Sync sees, and the other way round.</summary>
[Collection(SharedServer.Name)]
public sealed class RecordTests(SynctoServers servers)
{
    [Fact]
    public async Task Record_OfADevice_IsShown_WithItsIdPayloadAndWeight_AndItsStampInMilliseconds()
    {
        using var user = await servers.NewUserAsync();
        var written = await user.Device.PutAsync("/storage/bookmarks/-_toolbar_9A", """{"payload":"{\"ciphertext\":\"ü\\n\"}","sortindex":-7}""");

        var read = await user.Syncto.GetAsync(user.Syncto.Records() + "/-_toolbar_9A");

        var stamp = written.Stamp * 10;
        Assert.Equal($$$"""{"data":{"id":"-_toolbar_9A","last_modified":{{{stamp}}},"payload":"{\"ciphertext\":\"ü\\n\"}","sortindex":-7}}""", read.AssertStatus(200).Text);
        Assert.Equal(stamp, read.ETag());
        Assert.Equal(DateTimeOffset.FromUnixTimeMilliseconds(stamp).ToString("R"), read.Headers["Last-Modified"]);
        Assert.Equal("no-store, no-cache", read.Headers["Cache-Control"]);
        Assert.Equal("application/json", read.Headers["Content-Type"]);
    }

    [Fact]
    public async Task Record_ThatIsPut_IsSeenByADevice_AndTheAnswerHasWhatWasSent()
    {
        using var user = await servers.NewUserAsync();

        var put = await user.Syncto.PutAsync(user.Syncto.Records() + "/aaa", """{"data":{"id":"aaa","last_modified":5,"payload":"p\"1","sortindex":3,"ttl":1000}}""");

        Assert.Equal($$$"""{"data":{"id":"aaa","last_modified":{{{put.ETag()}}},"payload":"p\"1","sortindex":3,"ttl":1000}}""", put.AssertStatus(200).Text);
        var seen = (await user.Device.GetAsync("/storage/bookmarks/aaa")).AssertOk();
        Assert.Equal(put.ETag(), seen.Stamp * 10);
        Assert.Equal("p\"1", seen.Json.GetProperty("payload").GetString());
        Assert.Equal(3, seen.Json.GetProperty("sortindex").GetInt32());
    }

    [Fact]
    public async Task Put_OfSomeFields_LeavesTheOthers_AsInSync()
    {
        using var user = await servers.NewUserAsync();
        await user.Syncto.PutAsync(user.Syncto.Records() + "/aaa", """{"data":{"payload":"first","sortindex":3}}""");

        await user.Syncto.PutAsync(user.Syncto.Records() + "/aaa", """{"data":{"payload":"second"}}""");

        var read = (await user.Syncto.GetAsync(user.Syncto.Records() + "/aaa")).Data();
        Assert.Equal(("second", 3), (read.GetProperty("payload").GetString(), read.GetProperty("sortindex").GetInt32()));
    }

    [Fact]
    public async Task Patch_ChangesARecordThatIsThere_AndAnswersWithAllOfIt()
    {
        using var user = await servers.NewUserAsync();
        await user.Device.PutAsync("/storage/bookmarks/aaa", """{"payload":"p","sortindex":3}""");

        var patched = await user.Syncto.SendAsync("PATCH", user.Syncto.Records() + "/aaa", """{"data":{"sortindex":4}}""");

        Assert.Equal($$$"""{"data":{"id":"aaa","last_modified":{{{patched.ETag()}}},"payload":"p","sortindex":4}}""", patched.AssertStatus(200).Text);
        (await user.Syncto.SendAsync("PATCH", user.Syncto.Records() + "/none", """{"data":{"sortindex":4}}""")).AssertRefused(404, 110);
        (await user.Syncto.SendAsync("PATCH", user.Syncto.Records() + "/aaa", """{"data":{"sortindex":5}}""", ("If-Match", "\"10\""))).AssertRefused(412, 114);
        (await user.Device.GetAsync("/storage/bookmarks/none")).AssertError(404, 0);
    }

    [Fact]
    public async Task Delete_Is204WithoutABody_AndTheRecordIsGoneEverywhere()
    {
        using var user = await servers.NewUserAsync();
        await user.Device.PutAsync("/storage/bookmarks/aaa", """{"payload":"p"}""");

        var deleted = (await user.Syncto.DeleteAsync(user.Syncto.Records() + "/aaa")).AssertStatus(204);

        Assert.Equal("", deleted.Text);
        Assert.False(deleted.Headers.ContainsKey("Content-Type"));
        (await user.Device.GetAsync("/storage/bookmarks/aaa")).AssertError(404, 0);
        (await user.Syncto.GetAsync(user.Syncto.Records() + "/aaa")).AssertRefused(404, 110, "404 Not Found: 0");
        (await user.Syncto.DeleteAsync(user.Syncto.Records() + "/aaa")).AssertRefused(404, 110);
        Assert.Equal(deleted.ETag(), (await user.Syncto.GetAsync(user.Syncto.Records())).ETag());
    }

    [Theory]
    [InlineData("", 400, 106)]
    [InlineData("{", 400, 106)]
    [InlineData("""{"data":{"payload":"a","payload":"b"}}""", 400, 106)]
    [InlineData("[]", 400, 109)]
    [InlineData("{}", 400, 109)]
    [InlineData("""{"data":null}""", 400, 109)]
    [InlineData("""{"data":{},"permissions":{}}""", 400, 109)]
    [InlineData("""{"data":{"id":"other"}}""", 400, 109)]
    [InlineData("""{"data":{"payload":5}}""", 400, 109)]
    [InlineData("""{"data":{"payload":"\ud800"}}""", 400, 109)]
    [InlineData("""{"data":{"sortindex":"1"}}""", 400, 109)]
    [InlineData("""{"data":{"ttl":-1}}""", 400, 109)]
    [InlineData("""{"data":{"title":"clear text"}}""", 400, 109)]
    public async Task Put_OfWhatIsNoRecord_IsRefused_AndNothingIsWritten(string body, int status, int errno)
    {
        using var user = await servers.NewUserAsync();

        var refused = (await user.Syncto.PutAsync(user.Syncto.Records() + "/aaa", body)).AssertRefused(status, errno);

        Assert.Equal(errno == 109, refused.Json.GetProperty("message").GetString()!.StartsWith("Invalid posted data: ", StringComparison.Ordinal));
        (await user.Device.GetAsync("/storage/bookmarks/aaa")).AssertError(404, 0);
    }

    [Fact]
    public async Task Put_OfAKeyWithoutItsRandomPart_OrOfAPayloadThatIsTooLarge_IsRefused()
    {
        var small = await SynctoServers.StartAsync(
            static options => options with { PutEnabled = "*" },
            configureServer: static options => options with { Sync15 = options.Sync15 with { MaxRecordPayloadBytes = 10 } });
        try
        {
            using var user = await small.NewUserAsync();

            (await user.Syncto.PutAsync(user.Syncto.Records("crypto") + "/keys", """{"data":{"payload":"{\"IV\":\"AAAAAAAAAAAAAAAAAAAAAA==\"}"}}""")).AssertRefused(400, 109);
            (await user.Syncto.PutAsync(user.Syncto.Records() + "/aaa", """{"data":{"payload":"12345678901"}}""")).AssertRefused(400, 109, "400 Bad Request: 8");
            (await user.Syncto.PutAsync(user.Syncto.Records() + "/aaa", """{"data":{"payload":"1234567890"}}""")).AssertStatus(200);
        }
        finally
        {
            await small.DisposeAsync();
        }
    }

    [Fact]
    public async Task Put_OfMoreThanTheQuota_Is403_AndWhatIsLeftIsTold()
    {
        var small = await SynctoServers.StartAsync(configureServer: static options => options with { Sync15 = options.Sync15 with { QuotaBytes = 4096 } });
        try
        {
            using var user = await small.NewUserAsync();
            var kilobyte = new string('x', 1024);

            var first = await user.Syncto.PutAsync(user.Syncto.Records() + "/aaa", $$$"""{"data":{"payload":"{{{kilobyte}}}"}}""");

            Assert.Equal("3", first.AssertStatus(200).Headers["Quota-Remaining"]);
            Assert.Equal("3", (await user.Syncto.GetAsync(user.Syncto.Records())).Headers["Quota-Remaining"]);
            Assert.Equal("3", (await user.Syncto.GetAsync(user.Syncto.Records() + "/aaa")).Headers["Quota-Remaining"]);
            (await user.Syncto.PutAsync(user.Syncto.Records() + "/bbb", $$$"""{"data":{"payload":"{{{kilobyte + kilobyte + kilobyte}}}x"}}""")).AssertRefused(403, 121, "403 Forbidden: 14");
        }
        finally
        {
            await small.DisposeAsync();
        }
    }

    [Theory]
    [InlineData("text/plain", 415)]
    [InlineData("application/json; charset=utf-8", 200)]
    [InlineData("application/merge-patch+json", 415)]
    public async Task Put_TakesJsonOnly(string type, int status)
    {
        using var user = await servers.NewUserAsync();

        var put = await user.Syncto.PutAsync(user.Syncto.Records() + "/aaa", """{"data":{"payload":"p"}}""", ("Content-Type", type));

        Assert.Equal(status, put.Status);
    }

    [Theory]
    [InlineData("a%2Fb", 200)]
    [InlineData("%7Ba%20b%7D", 200)]
    [InlineData("1234567890123456789012345678901234567890123456789012345678901234", 200)]
    [InlineData("12345678901234567890123456789012345678901234567890123456789012345", 404)]
    [InlineData("%C3%BC", 404)]
    public async Task Ids_AreThoseOfSync(string id, int status)
    {
        using var user = await servers.NewUserAsync();

        var put = await user.Syncto.PutAsync($"{user.Syncto.Records()}/{id}", """{"data":{"payload":"p"}}""");

        Assert.Equal(status, put.Status);
        Assert.Equal(status, (await user.Syncto.GetAsync($"{user.Syncto.Records()}/{id}")).Status);
        Assert.Equal(status, (await user.Device.GetAsync($"/storage/bookmarks/{id}")).Status);
    }
}
