using System.Globalization;
using System.Text.Json;

namespace Lockstep.Gateway.Sync15.Tests;

/// <summary>Collections: POST, GET with all its parameters, DELETE.</summary>
[Collection(SharedServer.Name)]
public sealed class CollectionTests(SyncServer server)
{
    [Fact]
    public async Task Post_OfRecords_StoresThemWithOneTime()
    {
        using var device = server.NewUser();

        var posted = (await device.PostAsync("/storage/history", """[{"id":"a","payload":"1"},{"id":"b","sortindex":2},{"id":"c","ttl":100}]""")).AssertOk();

        Assert.Equal($$$"""{"modified":{{{posted.LastModified}}},"success":["a","b","c"],"failed":{}}""", posted.Text);
        Assert.Equal(posted.Timestamp, posted.LastModified);
        var all = (await device.GetAsync("/storage/history?full=1")).AssertOk();
        Assert.Equal("3", all.Headers["X-Weave-Records"]);
        Assert.All(all.Json.EnumerateArray(), record => Assert.Equal(posted.LastModified, record.GetProperty("modified").GetRawText()));
        Assert.Equal(["c", "b", "a"], all.Ids);
    }

    [Fact]
    public async Task Post_WithBadRecords_StoresTheGoodOnes_AndSaysWhy()
    {
        using var device = server.NewUser();

        var posted = (await device.PostAsync(
            "/storage/history", """[{"id":"a","payload":1},{"id":"b","x":1},{"id":"c"},{"id":"\n","payload":""},{"id":"d","sortindex":"9"},{"id":"e","ttl":-1}]""")).AssertOk();

        Assert.Equal("[\"c\"]", posted.Json.GetProperty("success").GetRawText());
        Assert.Equal(["a", "b", "\n", "d", "e"], posted.Json.GetProperty("failed").EnumerateObject().Select(item => item.Name));
        Assert.Equal(["c"], (await device.GetAsync("/storage/history")).Ids);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("\"str\"")]
    [InlineData("42")]
    [InlineData("[{\"id\":\"a\"},42]")]
    [InlineData("[{\"id\":\"a\"},{\"payload\":\"x\"}]")]
    [InlineData("[{\"id\":\"a\"},{\"id\":\"a\"}]")]
    [InlineData("[{\"id\":7}]")]
    public async Task Post_OfNoListOfRecords_Is400_AndStoresNothing(string body)
    {
        using var device = server.NewUser();

        (await device.PostAsync("/storage/history", body)).AssertError(400, 8);

        Assert.Equal("{}", (await device.GetAsync("/info/collections")).Text);
    }

    [Fact]
    public async Task Post_InLines_IsTaken_AndAnsweredInLines()
    {
        using var device = server.NewUser();
        (string, string) lines = ("Content-Type", "application/newlines"), accept = ("Accept", "application/newlines");

        (await device.PostAsync("/storage/history", "{\"id\":\"a\",\"payload\":\"1\\n2\"}\n{\"id\":\"b\"}", lines)).AssertOk();
        (await device.PostAsync("/storage/history", "{\"id\":\"c\"}\n", lines)).AssertOk();
        (await device.PostAsync("/storage/history", "", lines)).AssertOk();
        (await device.PostAsync("/storage/history", "\n", lines)).AssertError(400, 8);
        (await device.PostAsync("/storage/history", "{\"id\":\"d\"}\n\n", lines)).AssertError(400, 8);
        (await device.PostAsync("/storage/history", "[]\n", lines)).AssertError(400, 8);

        Assert.Equal("\"c\"\n\"b\"\n\"a\"\n", (await device.GetAsync("/storage/history", accept)).AssertOk().Text);
        var full = await device.GetAsync("/storage/history?full&ids=a", accept);
        Assert.Equal("application/newlines", full.Headers["Content-Type"]);
        Assert.EndsWith("\n", full.Text, StringComparison.Ordinal);
        Assert.Equal("1\n2", JsonDocument.Parse(full.Text).RootElement.GetProperty("payload").GetString());
        (await device.GetAsync("/storage/history", ("Accept", "text/html"))).AssertError(406, 0);
        (await device.GetAsync("/storage/history", ("Accept", "text/html, */*;q=0.1"))).AssertOk();
    }

    [Fact]
    public async Task Post_OverTheLimits_FailsWhatIsTooMuch_AndStoresTheRest()
    {
        await using var small = await StartedAsync(new Sync15Options
        {
            TokenSecrets = SyncServer.Secret, MaxPostRecords = 3, MaxPostBytes = 10, MaxRecordPayloadBytes = 8, MaxRequestBytes = 1_000,
        });
        using var device = small.Server.NewUser();

        var records = (await device.PostAsync("/storage/a", """[{"id":"a"},{"id":"b"},{"id":"c"},{"id":"d"}]""")).AssertOk().Json;
        var bytes = (await device.PostAsync("/storage/b", """[{"id":"a","payload":"123456789"},{"id":"b","payload":"12345678"},{"id":"c","payload":"123"},{"id":"d","payload":"12"}]""")).AssertOk().Json;

        Assert.Equal("""{"d":"retry bso"}""", records.GetProperty("failed").GetRawText());
        Assert.Equal("""{"a":"retry bytes","c":"retry bytes"}""", bytes.GetProperty("failed").GetRawText());
        Assert.Equal("""["b","d"]""", bytes.GetProperty("success").GetRawText());
    }

    [Fact]
    public async Task Collection_ThatIsNotThere_IsAnEmptyList_WithATime()
    {
        using var device = server.NewUser();

        var answer = (await device.GetAsync("/storage/nothing?full=1&newer=0&limit=10")).AssertOk();

        Assert.Equal(("[]", "0.00", "0"), (answer.Text, answer.LastModified, answer.Headers["X-Weave-Records"]));
    }

    [Fact]
    public async Task Get_NewerOlderAndIds_ChooseByTimeAndId()
    {
        using var device = server.NewUser();
        var stamps = new List<string>();
        foreach (var id in new[] { "a", "b", "c" })
        {
            stamps.Add((await device.PutAsync($"/storage/history/{id}", """{"payload":"x"}""")).LastModified);
        }

        Assert.Equal(["c", "b"], (await device.GetAsync($"/storage/history?newer={stamps[0]}")).Ids);
        Assert.Equal(["c"], (await device.GetAsync($"/storage/history?newer={stamps[1].TrimEnd('0')}")).Ids);
        Assert.Equal(["c"], (await device.GetAsync($"/storage/history?newer={stamps[1]}5")).Ids);
        Assert.Equal([], (await device.GetAsync($"/storage/history?newer={stamps[2]}")).Ids);
        Assert.Equal(["a"], (await device.GetAsync($"/storage/history?older={stamps[1]}")).Ids);
        Assert.Equal(["b", "a"], (await device.GetAsync($"/storage/history?older={stamps[1]}5")).Ids);
        Assert.Equal(["b"], (await device.GetAsync($"/storage/history?newer={stamps[0]}&older={stamps[2]}")).Ids);
        Assert.Equal(["c", "a"], (await device.GetAsync("/storage/history?ids=a,%20c%20,nobody")).Ids);
        Assert.Equal([], (await device.GetAsync("/storage/history?ids=")).Ids);
        Assert.Equal(["a", "b", "c"], (await device.GetAsync("/storage/history?sort=oldest")).Ids);
        Assert.Equal(["c"], (await device.GetAsync("/storage/history?limit=1")).Ids);
        Assert.Equal([], (await device.GetAsync("/storage/history?limit=0")).Ids);
    }

    [Theory]
    [InlineData("newer=x")]
    [InlineData("newer=-1")]
    [InlineData("older=NaN")]
    [InlineData("limit=-1")]
    [InlineData("limit=x")]
    [InlineData("sort=best")]
    [InlineData("offset=x")]
    [InlineData("offset=0.1..zz")]
    [InlineData("newer=1&newer=2")]
    [InlineData("ids=%0A")]
    public async Task Get_WithABadParameter_Is400(string query)
    {
        using var device = server.NewUser();

        (await device.GetAsync($"/storage/history?{query}")).AssertError(400, 1);
    }

    [Fact]
    public async Task Get_UnknownParameters_AreIgnored_MoreThanAHundredIds_Are400()
    {
        using var device = server.NewUser();
        var ids = Enumerable.Range(0, 101).Select(i => i.ToString(CultureInfo.InvariantCulture)).ToList();

        (await device.GetAsync("/storage/history?x=1&predecessorid=2")).AssertOk();
        (await device.GetAsync($"/storage/history?ids={string.Join(',', ids.Take(100))}")).AssertOk();
        (await device.GetAsync($"/storage/history?ids={string.Join(',', ids)}")).AssertError(400, 1);
        (await device.DeleteAsync($"/storage/history?ids={string.Join(',', ids)}")).AssertError(400, 1);
    }

    [Theory]
    [InlineData("")]
    [InlineData("&sort=newest")]
    [InlineData("&sort=oldest")]
    [InlineData("&sort=index")]
    [InlineData("&sort=oldest&newer=1")]
    [InlineData("&sort=index&full=1")]
    public async Task Pages_OverManyRecordsOfOneTime_LeaveOutNothingAndRepeatNothing(string query)
    {
        using var device = server.NewUser();
        for (var post = 0; post < 3; post++)
        {
            var items = Enumerable.Range(0, 13).Select(i => string.Create(CultureInfo.InvariantCulture, $$"""{"id":"{{post}}-{{i}}","payload":"x"{{(i % 3 == 0 ? "" : $",\"sortindex\":{i % 2}")}}}"""));
            (await device.PostAsync("/storage/history", $"[{string.Join(',', items)}]")).AssertOk();
        }

        var whole = (await device.GetAsync($"/storage/history?{query}")).AssertOk();
        var (paged, offset, pages) = (new List<string>(), "", 0);
        do
        {
            var page = (await device.GetAsync($"/storage/history?limit=7{query}{offset}")).AssertOk();
            Assert.Equal(whole.LastModified, page.LastModified);
            Assert.InRange(page.Ids.Count(), 1, 7);
            paged.AddRange(page.Ids);
            offset = page.NextOffset is { } next ? $"&offset={next}" : "";

            // Others write meanwhile, elsewhere.
            (await device.PutAsync("/storage/other/x", """{"payload":"y"}""")).AssertOk();
            pages++;
        }
        while (offset.Length > 0);

        Assert.Equal(39, paged.Count);
        Assert.Equal(whole.Ids, paged);
        Assert.Equal(6, pages);
    }

    [Theory]
    [InlineData("newest")]
    [InlineData("oldest")]
    [InlineData("index")]
    public async Task Pages_OfACollectionThatIsWrittenToMeanwhile_AndWhatIsNewerThanTheFirst_AreAllOfIt(string sort)
    {
        using var device = server.NewUser();
        for (var post = 0; post < 3; post++)
        {
            var items = Enumerable.Range(0, 10).Select(i => string.Create(CultureInfo.InvariantCulture, $$"""{"id":"{{post}}-{{i}}","payload":"x","sortindex":{{i % 3}}}"""));
            (await device.PostAsync("/storage/history", $"[{string.Join(',', items)}]")).AssertOk();
        }

        var (shown, offset, first) = (new List<(string Id, string Payload)>(), "", "");
        for (var i = 0; i == 0 || offset.Length > 0; i++)
        {
            var page = (await device.GetAsync($"/storage/history?full=1&limit=7&sort={sort}{offset}")).AssertOk();
            shown.AddRange(page.Json.EnumerateArray().Select(static record => (record.GetProperty("id").GetString()!, record.GetProperty("payload").GetString()!)));
            first = i == 0 ? page.LastModified : first;
            offset = page.NextOffset is { } next ? $"&offset={next}" : "";

            // One of the first post, one of the last, one that is new, and one that goes.
            (await device.PostAsync("/storage/history", string.Create(CultureInfo.InvariantCulture, $$"""[{"id":"0-{{i}}","payload":"y"},{"id":"2-{{i}}","payload":"y"},{"id":"new-{{i}}","payload":"y"}]"""))).AssertOk();
            (await device.DeleteAsync(string.Create(CultureInfo.InvariantCulture, $"/storage/history/1-{i}"))).AssertOk();
        }

        Assert.Equal(shown.Distinct(), shown);
        var newer = (await device.GetAsync($"/storage/history?newer={first}")).AssertOk();
        var left = (await device.GetAsync("/storage/history")).AssertOk().Ids.ToHashSet();
        Assert.Empty(left.Except(shown.Where(static record => record.Payload == "x").Select(static record => record.Id)).Except(newer.Ids));
        Assert.Empty(newer.Ids.Except(left));
    }

    [Fact]
    public async Task Pages_TheLastOne_HasNoOffset_AlsoWhereItIsFull()
    {
        using var device = server.NewUser();
        (await device.PostAsync("/storage/history", """[{"id":"a"},{"id":"b"},{"id":"c"},{"id":"d"}]""")).AssertOk();

        var first = await device.GetAsync("/storage/history?limit=2");
        var second = await device.GetAsync($"/storage/history?limit=2&offset={first.NextOffset}");

        Assert.Equal(["d", "c", "b", "a"], first.Ids.Concat(second.Ids));
        Assert.Null(second.NextOffset);
    }

    [Fact]
    public async Task Offset_OfAnotherOrder_OrOutsideTheBounds_Is400()
    {
        using var device = server.NewUser();
        var stamp = (await device.PostAsync("/storage/history", """[{"id":"a"},{"id":"b"},{"id":"c"}]""")).LastModified;
        var offset = (await device.GetAsync("/storage/history?limit=2")).NextOffset;

        (await device.GetAsync($"/storage/history?limit=2&offset={offset}")).AssertOk();
        (await device.GetAsync($"/storage/history?limit=2&sort=oldest&offset={offset}")).AssertError(400, 1);
        (await device.GetAsync($"/storage/history?limit=2&newer={stamp}&offset={offset}")).AssertError(400, 1);
        (await device.GetAsync($"/storage/history?limit=2&older={stamp}&offset={offset}")).AssertError(400, 1);
    }

    [Fact]
    public async Task Get_OfMoreThanIsHeldAtATime_IsWhole()
    {
        using var device = server.NewUser();
        for (var post = 0; post < 25; post++)
        {
            var items = Enumerable.Range(0, 100).Select(i => string.Create(CultureInfo.InvariantCulture, $$"""{"id":"{{(post * 100) + i:0000}}","payload":"p"}"""));
            (await device.PostAsync("/storage/history", $"[{string.Join(',', items)}]")).AssertOk();
        }

        var all = (await device.GetAsync("/storage/history?full=1&sort=oldest")).AssertOk();
        var most = (await device.GetAsync("/storage/history?limit=2400&sort=oldest")).AssertOk();
        var rest = (await device.GetAsync($"/storage/history?limit=2400&sort=oldest&offset={most.NextOffset}")).AssertOk();

        var ids = Enumerable.Range(0, 2500).Select(i => i.ToString("0000", CultureInfo.InvariantCulture)).ToList();
        Assert.Equal(ids, all.Ids);
        Assert.Null(all.NextOffset);
        Assert.Equal(ids, most.Ids.Concat(rest.Ids));
        Assert.Equal(2400, most.Ids.Count());
    }

    [Fact]
    public async Task Delete_OfRecords_KeepsTheCollection_AndMovesItsTime()
    {
        using var device = server.NewUser();
        var posted = await device.PostAsync("/storage/history", """[{"id":"a"},{"id":"b"}]""");

        var some = (await device.DeleteAsync("/storage/history?ids=a,nobody")).AssertOk();
        Assert.Equal(["b"], (await device.GetAsync("/storage/history")).Ids);
        var rest = (await device.DeleteAsync("/storage/history?ids=b")).AssertOk();
        var none = (await device.DeleteAsync("/storage/history?ids=")).AssertOk();

        Assert.True(posted.Stamp < some.Stamp && some.Stamp < rest.Stamp && rest.Stamp < none.Stamp);
        Assert.Equal($$"""{"modified":{{rest.LastModified}}}""", rest.Text);
        Assert.Equal($$"""{"history":{{none.LastModified}}}""", (await device.GetAsync("/info/collections")).Text);
        var counts = await device.GetAsync("/info/collection_counts");
        Assert.Equal(("{}", "0"), (counts.Text, counts.Headers["X-Weave-Records"]));
        Assert.Equal("{}", (await device.GetAsync("/info/collection_usage")).Text);
        (await device.DeleteAsync("/storage/nothing?ids=a")).AssertOk();
    }

    [Fact]
    public async Task Delete_OfACollection_RemovesIt_AndTheStoragesTimeRises()
    {
        using var device = server.NewUser();
        await device.PutAsync("/storage/history/a", """{"payload":"x"}""");
        await device.PutAsync("/storage/tabs/a", """{"payload":"y"}""");
        var before = (await device.GetAsync("/info/collections")).Stamp;

        var deleted = (await device.DeleteAsync("/storage/history")).AssertOk();

        Assert.Equal($$"""{"modified":{{deleted.LastModified}}}""", deleted.Text);
        var after = (await device.GetAsync("/info/collections")).AssertOk();
        Assert.Equal(["tabs"], after.Json.EnumerateObject().Select(item => item.Name));
        Assert.True(after.Stamp > before);
        Assert.Equal(deleted.Stamp, after.Stamp);
        Assert.Equal(("[]", "0.00"), ((await device.GetAsync("/storage/history")).Text, (await device.GetAsync("/storage/history")).LastModified));
        (await device.GetAsync("/storage/history/a")).AssertError(404, 0);
        (await device.DeleteAsync("/storage/history")).AssertOk();

        // Made again it is another one.
        (await device.PutAsync("/storage/history/b", """{"payload":"x"}""", ("X-If-Unmodified-Since", "0"))).AssertOk();
        Assert.Equal(["b"], (await device.GetAsync("/storage/history")).Ids);
    }

    [Theory]
    [InlineData("")]
    [InlineData("/")]
    [InlineData("/storage")]
    public async Task Delete_OfTheWholeStorage_RemovesAll(string path)
    {
        using var device = server.NewUser();
        (await device.DeleteAsync(path)).AssertOk();
        var put = await device.PutAsync("/storage/tabs/a", """{"payload":"y"}""");

        var deleted = (await device.DeleteAsync(path, ("X-Confirm-Delete", "1"))).AssertOk();

        Assert.True(deleted.Stamp > put.Stamp);
        var info = (await device.GetAsync("/info/collections")).AssertOk();
        Assert.Equal(("{}", "0.00"), (info.Text, info.LastModified));
        (await device.GetAsync("/storage/tabs/a")).AssertError(404, 0);
        Assert.True((await device.PutAsync("/storage/tabs/a", """{"payload":"y"}""", ("X-If-Unmodified-Since", "0"))).AssertOk().Stamp > deleted.Stamp);
    }

    private static async Task<Started> StartedAsync(Sync15Options sync) => new(await SyncServer.StartAsync(options => options with { Sync15 = sync }));

    private sealed class Started(SyncServer server) : IAsyncDisposable
    {
        public SyncServer Server => server;

        public async ValueTask DisposeAsync() => await server.DisposeAsync();
    }
}
