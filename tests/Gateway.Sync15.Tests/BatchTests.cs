namespace Lockstep.Gateway.Sync15.Tests;

/// <summary>Batches: several POSTs that are stored together.</summary>
[Collection(SharedServer.Name)]
public sealed class BatchTests(SyncServer server)
{
    [Fact]
    public async Task Batch_IsSeenWholeOrNotAtAll_WithOneTime()
    {
        using var device = server.NewUser();
        var before = await device.PutAsync("/storage/bookmarks/a", """{"payload":"old","sortindex":1}""");

        var opened = (await device.PostAsync("/storage/bookmarks?batch=true", """[{"id":"a","payload":"new"},{"id":"b","payload":"1"}]""")).AssertOk(202);
        var batch = opened.Json.GetProperty("batch").GetString()!;
        var appended = (await device.PostAsync($"/storage/bookmarks?batch={batch}", """[{"id":"b","sortindex":5},{"id":"c"},{"id":"bad","x":1}]""")).AssertOk(202);

        Assert.Equal($$$"""{"batch":"{{{batch}}}","success":["b","c"],"failed":{"bad":"unknown field"}}""", appended.Text);
        Assert.Equal((before.LastModified, before.LastModified), (opened.LastModified, appended.LastModified));
        Assert.Equal(["a"], (await device.GetAsync("/storage/bookmarks")).Ids);
        Assert.Equal(before.LastModified, (await device.GetAsync("/storage/bookmarks")).LastModified);
        Assert.Equal("{\"bookmarks\":1}", (await device.GetAsync("/info/collection_counts")).Text);

        var committed = (await device.PostAsync($"/storage/bookmarks?batch={batch}&commit=true", """[{"id":"c","payload":"3"},{"id":"d","payload":"4"}]""")).AssertOk();

        Assert.Equal($$$"""{"modified":{{{committed.LastModified}}},"success":["c","d"],"failed":{}}""", committed.Text);
        var all = (await device.GetAsync("/storage/bookmarks?full=1")).AssertOk();
        Assert.Equal(committed.LastModified, all.LastModified);
        Assert.All(all.Json.EnumerateArray(), record => Assert.Equal(committed.LastModified, record.GetProperty("modified").GetRawText()));
        Assert.Equal(
            ["a new 1", "b 1 5", "c 3 -", "d 4 -"],
            all.Json.EnumerateArray().Select(record =>
                $"{record.GetProperty("id")} {record.GetProperty("payload")} {(record.TryGetProperty("sortindex", out var weight) ? weight : "-")}").Order(StringComparer.Ordinal));

        // It is over.
        (await device.PostAsync($"/storage/bookmarks?batch={batch}&commit=true", "[]")).AssertError(400, 1);
        (await device.PostAsync($"/storage/bookmarks?batch={batch}", "[]")).AssertError(400, 1);
    }

    [Fact]
    public async Task Batch_OnlyFieldsThatAreSent_Change()
    {
        using var device = server.NewUser();
        (await device.PostAsync("/storage/tabs", """[{"id":"a","payload":"1"},{"id":"b","payload":"2"},{"id":"c","payload":"3","sortindex":1}]""")).AssertOk();
        var batch = (await device.PostAsync("/storage/tabs?batch=true", """[{"id":"a","ttl":1000}]""")).AssertOk(202).Json.GetProperty("batch").GetString();
        (await device.PostAsync($"/storage/tabs?batch={batch}", """[{"id":"b","sortindex":7},{"id":"c"}]""")).AssertOk(202);
        (await device.PostAsync($"/storage/tabs?batch={batch}&commit=true", "[]")).AssertOk();

        Assert.Equal(
            ["a 1 -", "b 2 7", "c 3 1"],
            (await device.GetAsync("/storage/tabs?full=1")).AssertOk().Json.EnumerateArray().Select(record =>
                $"{record.GetProperty("id")} {record.GetProperty("payload")} {(record.TryGetProperty("sortindex", out var weight) ? weight : "-")}").Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Batch_OfThousandsOfRecords_IsStoredAtOnce_OverWhatIsThere()
    {
        using var device = server.NewUser();
        (await device.PostAsync("/storage/history", """[{"id":"0-1","payload":"old","sortindex":9},{"id":"x","payload":"old"}]""")).AssertOk();
        var batch = "true";
        for (var post = 0; post < 30; post++)
        {
            var items = Enumerable.Range(0, 100).Select(i => $$"""{"id":"{{post}}-{{i}}","payload":"{{new string('p', 500)}}"}""");
            batch = (await device.PostAsync($"/storage/history?batch={batch}", $"[{string.Join(',', items)}]")).AssertOk(202).Json.GetProperty("batch").GetString();
        }

        Assert.Equal("""{"history":2}""", (await device.GetAsync("/info/collection_counts")).Text);
        var committed = (await device.PostAsync($"/storage/history?batch={batch}&commit=true", "[]")).AssertOk();

        Assert.Equal("""{"history":3001}""", (await device.GetAsync("/info/collection_counts")).Text);
        Assert.Equal(committed.LastModified, (await device.GetAsync("/storage/history/29-99")).AssertOk().LastModified);
        var over = (await device.GetAsync("/storage/history/0-1")).AssertOk().Json;
        Assert.Equal((500, 9), (over.GetProperty("payload").GetString()!.Length, over.GetProperty("sortindex").GetInt32()));
        Assert.Equal("[1464.8466796875,2048000]", (await device.GetAsync("/info/quota")).Text);
    }

    [Fact]
    public async Task Batch_OpenedAndCommittedAtOnce_IsAPlainPost()
    {
        using var device = server.NewUser();

        var posted = (await device.PostAsync("/storage/bookmarks?batch=true&commit=true", """[{"id":"a","payload":"1"}]""", ("X-If-Unmodified-Since", "0"))).AssertOk();

        Assert.Equal($$$"""{"modified":{{{posted.LastModified}}},"success":["a"],"failed":{}}""", posted.Text);
        Assert.Equal(["a"], (await device.GetAsync("/storage/bookmarks")).Ids);
    }

    [Fact]
    public async Task Batch_OpenedWithNothing_WhereNothingIs_CanBeGoneOnWith()
    {
        using var device = server.NewUser();

        var opened = (await device.PostAsync("/storage/bookmarks?batch=", "[]")).AssertOk(202);
        Assert.Equal("0.00", opened.LastModified);
        Assert.Equal("{}", (await device.GetAsync("/info/collections")).Text);
        var batch = opened.Json.GetProperty("batch").GetString();
        (await device.PostAsync($"/storage/bookmarks?batch={batch}", """[{"id":"a"}]""")).AssertOk(202);
        (await device.PostAsync($"/storage/bookmarks?batch={batch}&commit=TRUE", "", ("Content-Type", "application/newlines"))).AssertOk();

        Assert.Equal(["a"], (await device.GetAsync("/storage/bookmarks")).Ids);
    }

    [Fact]
    public async Task Batch_OfAnotherCollectionOrUser_OrUnknown_Is400()
    {
        using var alice = server.NewUser();
        using var bob = server.NewUser();
        var batch = (await alice.PostAsync("/storage/bookmarks?batch=true", """[{"id":"a"}]""")).Json.GetProperty("batch").GetString();

        (await alice.PostAsync($"/storage/history?batch={batch}&commit=true", "[]")).AssertError(400, 1);
        (await bob.PostAsync($"/storage/bookmarks?batch={batch}&commit=true", "[]")).AssertError(400, 1);
        (await alice.PostAsync("/storage/bookmarks?batch=nothing", "[]")).AssertError(400, 1);
        (await alice.PostAsync("/storage/bookmarks?commit=true", "[]")).AssertError(400, 1);
        (await alice.PostAsync($"/storage/bookmarks?batch={batch}&commit=yes", "[]")).AssertError(400, 1);
        Assert.Equal("{}", (await alice.GetAsync("/info/collections")).Text);
        (await alice.PostAsync($"/storage/bookmarks?batch={batch}&commit=true", "[]")).AssertOk();
    }

    [Fact]
    public async Task Batch_OfADeletedCollection_IsGone()
    {
        using var device = server.NewUser();
        await device.PutAsync("/storage/bookmarks/a", "{}");
        var batch = (await device.PostAsync("/storage/bookmarks?batch=true", """[{"id":"b"}]""")).Json.GetProperty("batch").GetString();

        (await device.DeleteAsync("/storage/bookmarks")).AssertOk();

        (await device.PostAsync($"/storage/bookmarks?batch={batch}&commit=true", "[]")).AssertError(400, 1);
    }

    [Fact]
    public async Task Batch_AgainstAWriteInBetween_Is412_ByTheCollectionsTime()
    {
        using var device = server.NewUser();
        var before = await device.PutAsync("/storage/bookmarks/a", "{}");
        var batch = (await device.PostAsync("/storage/bookmarks?batch=true", """[{"id":"b"}]""", ("X-If-Unmodified-Since", before.LastModified))).AssertOk(202).Json.GetProperty("batch").GetString();
        var other = await device.PutAsync("/storage/bookmarks/c", "{}");

        var refused = await device.PostAsync($"/storage/bookmarks?batch={batch}&commit=true", "[]", ("X-If-Unmodified-Since", before.LastModified));

        Assert.Equal(other.LastModified, refused.AssertError(412, 0).LastModified);
        Assert.Equal(["c", "a"], (await device.GetAsync("/storage/bookmarks")).Ids);
    }

    [Theory]
    [InlineData("X-Weave-Records", "100", 200)]
    [InlineData("X-Weave-Records", "101", 17)]
    [InlineData("X-Weave-Bytes", "2621440", 200)]
    [InlineData("X-Weave-Bytes", "2621441", 17)]
    [InlineData("X-Weave-Total-Records", "10000", 200)]
    [InlineData("X-Weave-Total-Records", "10001", 17)]
    [InlineData("X-Weave-Total-Bytes", "33554433", 17)]
    [InlineData("X-Weave-Total-Bytes", "-1", 1)]
    [InlineData("X-Weave-Records", "abc", 1)]
    [InlineData("X-Weave-Records", "99999999999", 1)]
    public async Task Announced_MoreThanMayBe_Is400(string header, string value, int expected)
    {
        using var device = server.NewUser();

        var answer = await device.PostAsync("/storage/bookmarks?batch=true&commit=true", "[]", (header, value));

        if (expected == 200)
        {
            answer.AssertOk();
        }
        else
        {
            answer.AssertError(400, expected);
        }
    }

    [Fact]
    public async Task Batch_ThatGrowsTooLarge_Is400_AndWhatIsThereStays()
    {
        var small = await SyncServer.StartAsync(options => options with
        {
            Sync15 = new Sync15Options { TokenSecrets = SyncServer.Secret, MaxTotalRecords = 3, MaxTotalBytes = 10 },
        });
        using var device = small.NewUser();
        var batch = (await device.PostAsync("/storage/bookmarks?batch=true", """[{"id":"a","payload":"12345"},{"id":"b"}]""")).Json.GetProperty("batch").GetString();

        (await device.PostAsync($"/storage/bookmarks?batch={batch}", """[{"id":"c"},{"id":"d"}]""")).AssertError(400, 17);
        (await device.PostAsync($"/storage/bookmarks?batch={batch}", """[{"id":"c","payload":"123456"}]""")).AssertError(400, 17);
        (await device.PostAsync($"/storage/bookmarks?batch={batch}", """[{"id":"a","payload":"1234567890"}]""")).AssertOk(202);
        (await device.PostAsync($"/storage/bookmarks?batch={batch}&commit=true", "[]")).AssertOk();

        Assert.Equal(["b", "a"], (await device.GetAsync("/storage/bookmarks")).Ids);
        await small.DisposeAsync();
    }
}
