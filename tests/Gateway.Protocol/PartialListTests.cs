using Lockstep.Gateway.Kinto;

namespace Lockstep.Gateway.Protocol;

/// <summary>Lists that somebody sees a part of: counts, pages, stamps, and that a poller misses nothing whatever rights come and go.</summary>
[Collection(SharedServer.Name)]
public sealed class PartialListTests(KintoServer server)
{
    private async Task<Shared> StartAsync(string permissions = "{}")
    {
        var (alice, bob) = (await server.NewUserAsync(), await server.NewUserAsync());
        var bucket = $"/buckets/partial-{Guid.NewGuid():N}";
        var bobId = (await bob.GetAsync("/")).Json.GetProperty("user").GetProperty("id").GetString()!;
        Assert.Equal(201, (await alice.PutAsync(bucket, "{}")).Status);
        Assert.Equal(201, (await alice.PutAsync(bucket + "/collections/c", $$$"""{"permissions":{{{permissions.Replace("BOB", bobId, StringComparison.Ordinal)}}} }""")).Status);
        return new Shared(alice, bob, bobId, bucket);
    }

    [Fact]
    public async Task List_HasWhatIsShared_WithItsCountAndPages()
    {
        var shared = await StartAsync();
        for (var i = 0; i < 20; i++)
        {
            await shared.PutAsync($"r{i:00}", i % 4 == 0 ? shared.ToBob : "{}", $$$"""{"n":{{{i}}} }""");
        }

        var all = await shared.Bob.GetAsync(shared.Records + "?_sort=id");
        Assert.Equal(["r00", "r04", "r08", "r12", "r16"], all.Ids);
        Assert.Equal("5", (await shared.Bob.SendAsync("HEAD", shared.Records)).Headers["Total-Objects"]);
        Assert.Equal("20", (await shared.Alice.SendAsync("HEAD", shared.Records)).Headers["Total-Objects"]);
        Assert.Equal(["r08", "r12"], (await shared.Bob.GetAsync(shared.Records + "?_sort=id&in_id=r08,r09,r12")).Ids);
        Assert.Equal(["r16", "r12", "r08", "r04", "r00"], (await shared.Bob.GetAsync(shared.Records + "?_sort=-n")).Ids);
        foreach (var sort in new[] { "id", "-last_modified", "last_modified", "n" })
        {
            var (ids, next) = (new List<string>(), shared.Records + $"?_limit=2&_sort={sort}");
            for (var pages = 1; next.Length > 0; pages++)
            {
                var page = await shared.Bob.GetAsync(next);
                Assert.Equal(all.ETag, page.ETag);
                ids.AddRange(page.Ids);
                next = page.Headers.TryGetValue("Next-Page", out var url) ? url[(url.IndexOf("/v1", StringComparison.Ordinal) + 3)..] : "";
                Assert.True(pages <= 3, "more pages than there are records for");
            }

            Assert.Equal(all.Ids, ids.Order(StringComparer.Ordinal));
        }
    }

    [Fact]
    public async Task Stamp_DoesNotMoveForWhatIsNotSeen()
    {
        var shared = await StartAsync();
        await shared.PutAsync("mine", shared.ToBob);
        var before = await shared.Bob.GetAsync(shared.Records);

        await shared.PutAsync("secret", "{}");
        await shared.PutAsync("secret", "{}", """{"n":2}""");

        Assert.Equal(before.ETag, (await shared.Bob.GetAsync(shared.Records)).ETag);
        Assert.Equal(before.ETag, (await shared.Bob.SendAsync("HEAD", shared.Records)).ETag);
        Assert.Equal(304, (await shared.Bob.GetAsync(shared.Records, ("If-None-Match", before.ETag))).Status);
        Assert.Equal(200, (await shared.Bob.GetAsync(shared.Records, ("If-Match", before.ETag))).Status);
        var poll = await shared.Bob.GetAsync($"{shared.Records}?_since={before.Stamp}");
        Assert.Empty(poll.Ids);
        Assert.Equal(before.ETag, poll.ETag);
        Assert.NotEqual(before.ETag, (await shared.Alice.GetAsync(shared.Records)).ETag);
        Assert.Equal(304, (await shared.Bob.SendAsync("HEAD", shared.Records, null, ("If-None-Match", before.ETag))).Status);
    }

    [Fact]
    public async Task Deletion_OfWhatWasSeen_IsToldToThoseWhoSawIt_AndToNobodyElse()
    {
        var shared = await StartAsync();
        await shared.PutAsync("a", shared.ToBob);
        await shared.PutAsync("b", shared.ToBob);
        await shared.PutAsync("secret", "{}");
        var before = await shared.Bob.GetAsync(shared.Records);
        await shared.Alice.DeleteAsync(shared.Records + "/secret");
        var deleted = await shared.Alice.DeleteAsync(shared.Records + "/b");

        var poll = await shared.Bob.GetAsync($"{shared.Records}?_since={before.Stamp}");

        Assert.Equal(["b"], poll.Ids);
        Assert.True(poll.Data[0].GetProperty("deleted").GetBoolean());
        Assert.Equal(deleted.Stamp, poll.Stamp);
        Assert.Equal(["a"], (await shared.Bob.GetAsync(shared.Records)).Ids);
        Assert.Equal("1", (await shared.Bob.SendAsync("HEAD", shared.Records)).Headers["Total-Objects"]);
        (await shared.Bob.GetAsync(shared.Records + "/b")).AssertError(403, KintoErrno.Forbidden);
        Assert.Equal(["a"], (await shared.Alice.DeleteAsync(shared.Records)).Ids);
        Assert.Equal(200, (await shared.Bob.GetAsync(shared.Records)).Status);
    }

    [Fact]
    public async Task Right_GivenAndTakenOnOneRecord_IsSeenByAPoller()
    {
        var shared = await StartAsync();
        await shared.PutAsync("a", shared.ToBob);
        await shared.PutAsync("b", "{}");
        var poller = new PlainPoller(shared.Bob, shared.Records);
        Assert.Equal(["a"], await poller.PollAsync());

        await shared.Alice.SendAsync("PATCH", shared.Records + "/b", $$$"""{"permissions":{{{shared.ToBob}}} }""");
        Assert.Equal(["a", "b"], await poller.PollAsync());
        await shared.Alice.SendAsync("PATCH", shared.Records + "/a", """{"permissions":{"read":[]}}""");
        Assert.Equal(["b"], await poller.PollAsync());
        await shared.PutAsync("c", shared.ToBob);
        Assert.Equal(["b", "c"], await poller.PollAsync());
        Assert.Equal(1, poller.StartsOver);
    }

    [Theory]
    [InlineData("bucket")]
    [InlineData("collection")]
    public async Task Right_GivenAndTakenOnTheWhole_ShowsTheOldRecords_AndTakesThemAway(string on)
    {
        var shared = await StartAsync();
        var path = on is "bucket" ? shared.Bucket : shared.Bucket + "/collections/c";
        await shared.PutAsync("a", shared.ToBob);
        await shared.PutAsync("old", "{}");
        var poller = new PlainPoller(shared.Bob, shared.Records);
        Assert.Equal(["a"], await poller.PollAsync());

        await shared.Alice.SendAsync("PATCH", path, $$$"""{"permissions":{{{shared.ToBob}}} }""");
        Assert.Equal(["a", "old"], await poller.PollAsync());
        await shared.PutAsync("new", "{}");
        Assert.Equal(["a", "new", "old"], await poller.PollAsync());
        await shared.Alice.SendAsync("PATCH", path, """{"permissions":{"read":[]}}""");
        Assert.Equal(["a"], await poller.PollAsync());

        // Nothing more comes of it.
        var over = poller.StartsOver;
        Assert.Equal(["a"], await poller.PollAsync());
        Assert.Equal(["a"], await poller.PollAsync());
        Assert.Equal((2, 2), (over, poller.StartsOver));
        await shared.Alice.DeleteAsync(shared.Records + "/a");
        Assert.Empty(await poller.PollAsync());
    }

    [Fact]
    public async Task Owner_IsNotTouchedByWhatOthersMay()
    {
        var shared = await StartAsync();
        await shared.PutAsync("a", "{}");
        var poller = new PlainPoller(shared.Alice, shared.Records);
        Assert.Equal(["a"], await poller.PollAsync());

        await shared.Alice.SendAsync("PATCH", shared.Bucket, $$$"""{"permissions":{{{shared.ToBob}}} }""");

        Assert.Equal(["a"], await poller.PollAsync());
        Assert.Equal(0, poller.StartsOver);
    }

    [Fact]
    public async Task Delete_TakesWhatTheCallerMayWrite_AndPages()
    {
        var shared = await StartAsync();
        await shared.PutAsync("read", shared.ToBob);
        for (var i = 0; i < 5; i++)
        {
            await shared.PutAsync($"w{i}", $$$"""{"write":["{{{shared.BobId}}}"]}""");
        }

        await shared.PutAsync("secret", "{}");
        var some = await shared.Bob.DeleteAsync(shared.Records + "?_limit=2&_sort=id");
        Assert.Equal(["w0", "w1"], some.Ids);
        Assert.True(some.Headers.ContainsKey("Next-Page"));
        Assert.Equal(3, (await shared.Bob.DeleteAsync(shared.Records)).Ids.Count());
        Assert.Equal(["read", "secret"], (await shared.Alice.GetAsync(shared.Records + "?_sort=id")).Ids);
        Assert.Equal(["read"], (await shared.Bob.GetAsync(shared.Records)).Ids);
    }

    [Fact]
    public async Task Batch_SeesInItselfWhatTheCallerMay()
    {
        var shared = await StartAsync("""{"record:create":["BOB"]}""");
        await shared.PutAsync("secret", "{}");
        await shared.PutAsync("shared", shared.ToBob);
        var batch = await shared.Bob.PostAsync("/batch", $$$"""
            {"requests":[
                {"method":"PUT","path":"{{{shared.Records}}}/own","body":{"data":{"n":1} } },
                {"path":"{{{shared.Records}}}?_sort=id"},
                {"method":"HEAD","path":"{{{shared.Records}}}"},
                {"method":"DELETE","path":"{{{shared.Records}}}"},
                {"path":"{{{shared.Records}}}?_sort=id"}]}
            """);
        var parts = batch.Json.GetProperty("responses");

        Assert.Equal(["own", "shared"], Ids(parts[1]));
        Assert.Equal("2", parts[2].GetProperty("headers").GetProperty("Total-Objects").GetString());
        Assert.Equal(["own"], Ids(parts[3]));
        Assert.Equal(["shared"], Ids(parts[4]));

        static IEnumerable<string> Ids(System.Text.Json.JsonElement part) =>
            part.GetProperty("body").GetProperty("data").EnumerateArray().Select(record => record.GetProperty("id").GetString()!);
    }

    private sealed record Shared(KintoClient Alice, KintoClient Bob, string BobId, string Bucket)
    {
        public string Records => Bucket + "/collections/c/records";

        public string ToBob => $$$"""{"read":["{{{BobId}}}"]}""";

        public async Task PutAsync(string id, string permissions, string data = "{}") =>
            Assert.True((await Alice.PutAsync($"{Records}/{id}", $$$"""{"data":{{{data}}},"permissions":{{{permissions}}} }""")).Status is 200 or 201);
    }
}
