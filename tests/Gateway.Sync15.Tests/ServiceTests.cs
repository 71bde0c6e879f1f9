namespace Lockstep.Gateway.Sync15.Tests;

/// <summary>What is about the whole storage, and about the protocol's answers.</summary>
[Collection(SharedServer.Name)]
public sealed class ServiceTests(SyncServer server)
{
    [Fact]
    public async Task Configuration_NeedsNoCredentials_AndHasTheLimits()
    {
        using var device = server.NewUser();

        var answer = (await device.GetAsync("/info/configuration", ("Authorization", ""))).AssertOk();

        Assert.Equal("0.00", answer.LastModified);
        Assert.Equal(
            """{"max_post_bytes":2621440,"max_post_records":100,"max_record_payload_bytes":2621440,"max_request_bytes":2625536,"max_total_bytes":33554432,"max_total_records":10000,"max_quota_limit":2097152000}""",
            answer.Text);
    }

    [Fact]
    public async Task Info_OfAFreshStorage_IsEmpty()
    {
        using var device = server.NewUser();

        foreach (var (path, text) in new[] { ("collections", "{}"), ("collection_counts", "{}"), ("collection_usage", "{}"), ("quota", "[0,2048000]") })
        {
            var answer = (await device.GetAsync($"/info/{path}")).AssertOk();
            Assert.Equal((text, "0.00"), (answer.Text, answer.LastModified));
        }
    }

    [Fact]
    public async Task Info_CountsRecordsAndBytesExactly()
    {
        using var device = server.NewUser();
        (await device.PostAsync("/storage/a", """[{"id":"1","payload":"12345678"},{"id":"2","payload":"ü"}]""")).AssertOk();
        (await device.PutAsync("/storage/b/1", """{"payload":"x"}""")).AssertOk();
        (await device.PutAsync("/storage/a/1", """{"payload":"1234"}""")).AssertOk();
        (await device.PutAsync("/storage/b/2", """{"payload":"yy"}""")).AssertOk();
        (await device.DeleteAsync("/storage/b/1")).AssertOk();

        Assert.Equal("""{"a":2,"b":1}""", (await device.GetAsync("/info/collection_counts")).Text);
        Assert.Equal("""{"a":0.005859375,"b":0.001953125}""", (await device.GetAsync("/info/collection_usage")).Text);
        Assert.Equal("[0.0078125,2048000]", (await device.GetAsync("/info/quota")).Text);
        Assert.Equal("2", (await device.GetAsync("/info/collections")).Headers["X-Weave-Records"]);
    }

    [Fact]
    public async Task Quota_IsEnforced_ForEveryWayToWrite_AndLeavesRoomForLess()
    {
        var small = await SyncServer.StartAsync(options => options with { Sync15 = new Sync15Options { TokenSecrets = SyncServer.Secret, QuotaBytes = 10 } });
        using var device = small.NewUser();
        (await device.PutAsync("/storage/a/1", """{"payload":"12345678"}""")).AssertOk();

        (await device.PutAsync("/storage/b/1", """{"payload":"123"}""")).AssertError(403, 14);
        (await device.PostAsync("/storage/b", """[{"id":"1","payload":"12"},{"id":"2","payload":"3"}]""")).AssertError(403, 14);
        var batch = (await device.PostAsync("/storage/b?batch=true", """[{"id":"1","payload":"123"}]""")).Json.GetProperty("batch").GetString();
        (await device.PostAsync($"/storage/b?batch={batch}&commit=true", "[]")).AssertError(403, 14);
        Assert.Equal(["a"], (await device.GetAsync("/info/collections")).Json.EnumerateObject().Select(item => item.Name));

        (await device.PostAsync("/storage/b", """[{"id":"1","payload":"12"}]""")).AssertOk();
        (await device.PutAsync("/storage/a/1", """{"payload":"87654321"}""")).AssertOk();
        (await device.PutAsync("/storage/a/1", """{"payload":"1"}""")).AssertOk();

        // What has expired takes no room.
        (await device.PutAsync("/storage/c/1", """{"payload":"1234567","ttl":0}""")).AssertOk();
        (await device.PutAsync("/storage/c/2", """{"payload":"1234567"}""")).AssertOk();
        Assert.Equal("[0.009765625,0.009765625]", (await device.GetAsync("/info/quota")).Text);
        await small.DisposeAsync();
    }

    [Fact]
    public async Task Quota_ThatIsNearlyUsed_IsToldWithEachWrite()
    {
        const int Quota = 1_200_000;
        var small = await SyncServer.StartAsync(options => options with { Sync15 = new Sync15Options { TokenSecrets = SyncServer.Secret, QuotaBytes = Quota } });
        using var device = small.NewUser();
        Assert.DoesNotContain("X-Weave-Quota-Remaining", (await device.PutAsync("/storage/a/1", """{"payload":"1"}""")).AssertOk().Headers.Keys);

        var payload = new string('x', 200_000);
        Assert.Equal($"{(Quota - 200_001) / 1024}", (await device.PutAsync("/storage/a/2", $$"""{"payload":"{{payload}}"}""")).AssertOk().Headers["X-Weave-Quota-Remaining"]);
        Assert.Equal($"{(Quota - 400_001) / 1024}", (await device.PostAsync("/storage/b", $$"""[{"id":"1","payload":"{{payload}}"}]""")).AssertOk().Headers["X-Weave-Quota-Remaining"]);
        await small.DisposeAsync();
    }

    [Fact]
    public async Task Paths_ThatAreNone_Are404_MethodsThatAreNone_Are405()
    {
        using var device = server.NewUser();
        foreach (var path in new[] { "/x", "/info", "/info/x", "/storage/a/b/c", "/storage/", "/storage/a/", "/Storage/a" })
        {
            (await device.GetAsync(path)).AssertError(404, 0);
        }

        (await device.SendRawAsync("GET", "/1.5/x/info/collections")).AssertError(404, 0);
        (await device.SendRawAsync("GET", "/1.5/12345678901/info/collections")).AssertError(404, 0);
        Assert.Equal("GET, PUT, DELETE, OPTIONS", (await device.SendAsync("PATCH", "/storage/a/b", "{}")).AssertError(405, 0).Headers["Allow"]);
        (await device.PostAsync("/storage/a/b", "{}")).AssertError(405, 0);
        (await device.PutAsync("/info/collections", "{}")).AssertError(405, 0);
    }

    [Fact]
    public async Task Pages_OfOtherOrigins_MayCall_AndArePermittedWithoutCredentials()
    {
        using var device = server.NewUser();
        foreach (var path in new[] { "/storage/a/b", "/no/such/path", "/storage" })
        {
            var preflight = await device.SendAsync(
                "OPTIONS", path, body: null, ("Authorization", ""), ("Origin", "https://app.example.org"), ("Access-Control-Request-Method", "PUT"), ("Access-Control-Request-Headers", "authorization,x-if-unmodified-since"));
            Assert.Equal(200, preflight.Status);
            Assert.Equal("https://app.example.org", preflight.Headers["Access-Control-Allow-Origin"]);
            Assert.Equal("1728000", preflight.Headers["Access-Control-Max-Age"]);
            Assert.Equal("DELETE, GET, POST, PUT", preflight.Headers["Access-Control-Allow-Methods"]);
            Assert.Equal("authorization,x-if-unmodified-since", preflight.Headers["Access-Control-Allow-Headers"]);
        }

        var refused = (await device.GetAsync("/storage/a/b", ("Origin", "https://app.example.org"))).AssertError(404, 0);
        Assert.Equal("https://app.example.org", refused.Headers["Access-Control-Allow-Origin"]);
        Assert.Contains("X-Last-Modified", refused.Headers["Access-Control-Expose-Headers"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Storage_IsNoBucketOfKintos()
    {
        var flushed = await SyncServer.StartAsync(options => options with { Kinto = options.Kinto with { Flush = true } });
        using var device = flushed.NewUser();
        (await device.PutAsync("/storage/tabs/a", """{"payload":"x"}""")).AssertOk();

        Assert.Equal(202, (await device.SendRawAsync("POST", "/v1/__flush__", body: null, ("Authorization", ""))).Status);

        (await device.GetAsync("/storage/tabs/a")).AssertOk();
        await flushed.DisposeAsync();
    }
}
