namespace Lockstep.Gateway.Syncto.Tests;

/// <summary>Lists, and how they are asked for.</summary>
[Collection(SharedServer.Name)]
public sealed class ListTests(SynctoServers servers)
{
    [Fact]
    public async Task List_HasWhatADeviceHasWritten_NewestFirst_WithItsTotalAndItsTime()
    {
        using var user = await servers.NewUserAsync();
        await WriteAsync(user, "one", "two", "three");

        var list = await user.Syncto.GetAsync(user.Syncto.Records());

        Assert.Equal(["three", "two", "one"], list.RecordIds());
        Assert.Equal("3", list.Headers["Total-Records"]);
        Assert.False(list.Headers.ContainsKey("Next-Page"));
        Assert.Equal(list.ETag(), list.Data()[0].GetProperty("last_modified").GetInt64());
        Assert.Equal("", (await user.Syncto.SendAsync("HEAD", user.Syncto.Records())).Text);
        Assert.Equal("3", (await user.Syncto.SendAsync("HEAD", user.Syncto.Records())).Headers["Total-Records"]);
    }

    [Fact]
    public async Task List_OfACollectionThatIsNotThere_IsEmpty()
    {
        using var user = await servers.NewUserAsync();

        var list = await user.Syncto.GetAsync(user.Syncto.Records("forms"));

        Assert.Equal("""{"data":[]}""", list.AssertStatus(200).Text);
        Assert.Equal((0, "0"), (list.ETag(), list.Headers["Total-Records"]));
    }

    [Fact]
    public async Task Since_WithAnETag_ShowsWhatCameAfterIt_WithAndWithoutQuotes()
    {
        using var user = await servers.NewUserAsync();
        await WriteAsync(user, "one");
        var seen = (await user.Syncto.GetAsync(user.Syncto.Records())).ETag();
        await WriteAsync(user, "two");

        Assert.Equal(["two"], (await user.Syncto.GetAsync($"{user.Syncto.Records()}?_since={seen}")).RecordIds());
        Assert.Equal(["two"], (await user.Syncto.GetAsync($"{user.Syncto.Records()}?_since=%22{seen}%22&_unknown=x&_fields=a")).RecordIds());
    }

    [Fact]
    public async Task Sort_GoesByTimeOrWeight()
    {
        using var user = await servers.NewUserAsync();
        await user.Device.PutAsync("/storage/bookmarks/one", """{"payload":"","sortindex":1}""");
        await user.Device.PutAsync("/storage/bookmarks/two", """{"payload":"","sortindex":9}""");
        await user.Device.PutAsync("/storage/bookmarks/three", """{"payload":"","sortindex":5}""");

        async Task<string> Sorted(string sort) => string.Join(' ', (await user.Syncto.GetAsync($"{user.Syncto.Records()}?_sort={sort}")).RecordIds());

        foreach (var newest in new[] { "-last_modified", "newest" })
        {
            Assert.Equal("three two one", await Sorted(newest));
        }

        foreach (var oldest in new[] { "last_modified", "oldest" })
        {
            Assert.Equal("one two three", await Sorted(oldest));
        }

        foreach (var index in new[] { "-sortindex", "index" })
        {
            Assert.Equal("two three one", await Sorted(index));
        }
    }

    [Fact]
    public async Task Ids_ChooseRecords_AndExclusionsLeaveThemOut()
    {
        using var user = await servers.NewUserAsync();
        await WriteAsync(user, "one", "two", "three");

        Assert.Equal(["two", "one"], (await user.Syncto.GetAsync(user.Syncto.Records() + "?in_ids=one,%20two,none")).RecordIds());
        Assert.Equal(["two"], (await user.Syncto.GetAsync(user.Syncto.Records() + "?ids=two")).RecordIds());
        var some = await user.Syncto.GetAsync(user.Syncto.Records() + "?exclude_id=one,three&_since=1");
        Assert.Equal(["two"], some.RecordIds());
        Assert.Equal("1", some.Headers["Total-Records"]);
    }

    [Fact]
    public async Task Pages_AreFollowedByTheirUrl_WhichKeepsTheQuery_AndMissNothing()
    {
        using var user = await servers.NewUserAsync();
        await WriteAsync(user, "one", "two", "three", "four", "five");

        var (seen, pages) = (new List<string>(), 0);
        for (var path = user.Syncto.Records() + "?_limit=2&_sort=last_modified&_since=1"; path.Length > 0; pages++)
        {
            var page = await user.Syncto.GetAsync(path);
            seen.AddRange(page.RecordIds());
            Assert.False(page.Headers.ContainsKey("Total-Records"));
            path = page.Headers.GetValueOrDefault("Next-Page", "");
            if (path.Length > 0)
            {
                Assert.StartsWith($"{user.Syncto.Address}syncto{user.Syncto.Records()}?_limit=2&_sort=last_modified&_since=1&_token=", path, StringComparison.Ordinal);
                path = path[$"{user.Syncto.Address}syncto".Length..];
            }
        }

        Assert.Equal(["one", "two", "three", "four", "five"], seen);
        Assert.Equal(3, pages);
    }

    [Fact]
    public async Task Pages_EndWhereTheSettingsSay_AndTheTotalIsThatOfAll()
    {
        var small = await SynctoServers.StartAsync(static options => options with { MaxPageRecords = 2, PublicUrl = "https://syncto.example.org/" });
        try
        {
            using var user = await small.NewUserAsync();
            await WriteAsync(user, "one", "two", "three");

            var page = await user.Syncto.GetAsync(user.Syncto.Records());

            Assert.Equal(["three", "two"], page.RecordIds());
            Assert.Equal("3", page.Headers["Total-Records"]);
            Assert.StartsWith($"https://syncto.example.org{user.Syncto.Records()}?_token=", page.Headers["Next-Page"], StringComparison.Ordinal);
            var rest = await user.Syncto.GetAsync(user.Syncto.Records() + "?" + page.Headers["Next-Page"].Split('?')[1]);
            Assert.Equal(["one"], rest.RecordIds());
            Assert.False(rest.Headers.ContainsKey("Next-Page"));
            Assert.Equal(["three", "two"], (await user.Syncto.GetAsync(user.Syncto.Records() + "?_limit=100")).RecordIds());
        }
        finally
        {
            await small.DisposeAsync();
        }
    }

    [Theory]
    [InlineData("_since=abc", "_since should be a number.")]
    [InlineData("_since=1.5", "_since should be a number.")]
    [InlineData("_since=-1", "_since should be a number.")]
    [InlineData("_sort=title", "_sort should be one of ('-last_modified', 'newest', '-sortindex', 'index', 'last_modified', 'oldest')")]
    [InlineData("_limit=x", "400 Bad Request: 1")]
    [InlineData("_limit=-1", "400 Bad Request: 1")]
    [InlineData("_token=x", "400 Bad Request: 1")]
    [InlineData("in_ids=%C3%BC", "400 Bad Request: 1")]
    [InlineData("_limit=1&_limit=2", "_limit should be given once")]
    [InlineData("exclude_id=%C3%BC", "exclude_id should have at most 200 ids")]
    public async Task Query_ThatCannotBe_Is400(string query, string message)
    {
        using var user = await servers.NewUserAsync();

        (await user.Syncto.GetAsync($"{user.Syncto.Records()}?{query}")).AssertRefused(400, 107, message);
    }

    [Fact]
    public async Task Collection_AndCollections_AreShownAsKintoDoes()
    {
        using var user = await servers.NewUserAsync();
        await WriteAsync(user, "one");
        var stamp = (await user.Syncto.GetAsync(user.Syncto.Records())).ETag();

        var one = await user.Syncto.GetAsync($"/v1/buckets/{user.State}/collections/bookmarks");
        var none = await user.Syncto.GetAsync($"/v1/buckets/{user.State}/collections/forms");
        var all = await user.Syncto.GetAsync($"/v1/buckets/{user.State}/collections");

        Assert.Equal($$$"""{"data":{"id":"bookmarks","last_modified":{{{stamp}}}}}""", one.AssertStatus(200).Text);
        Assert.Equal("""{"data":{"id":"forms","last_modified":0}}""", none.AssertStatus(200).Text);
        Assert.Equal($$$"""{"data":[{"id":"bookmarks","last_modified":{{{stamp}}}}]}""", all.AssertStatus(200).Text);
    }

    [Fact]
    public async Task Record_ThatHasExpired_IsInNoList()
    {
        using var user = await servers.NewUserAsync();
        await user.Device.PutAsync("/storage/bookmarks/gone", """{"payload":"","ttl":0}""");

        Assert.Empty((await user.Syncto.GetAsync(user.Syncto.Records())).RecordIds());
    }

    private static async Task WriteAsync(SynctoUser user, params string[] ids)
    {
        foreach (var id in ids)
        {
            (await user.Device.PutAsync($"/storage/bookmarks/{id}", """{"payload":"p"}""")).AssertOk();
        }
    }
}
