using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Lockstep.Gateway.Sync11.Tests;

/// <summary>Collections: GET with all its parameters and forms, DELETE.</summary>
[Collection(SharedServer.Name)]
public sealed class CollectionTests(WeaveServer server)
{
    [Fact]
    public async Task Get_OfACollectionThatIsNotThere_IsAnEmptyList()
    {
        using var device = await server.NewUserAsync();

        var answer = (await device.GetAsync("/storage/nothing?full=1&newer=0&v=1.2&client=x&newer2=y")).AssertOk();

        Assert.Equal(("[]", "0", "application/json"), (answer.Text, answer.Headers["X-Weave-Records"], answer.Type));
    }

    [Fact]
    public async Task Get_GivesIds_OrRecordsWithFull_WithoutTtl()
    {
        using var device = await ThreeAsync();

        var ids = (await device.GetAsync("/storage/history")).AssertOk();
        var full = (await device.GetAsync("/storage/history?full=0")).AssertOk();

        Assert.Equal(["a", "b", "c"], ids.Ids.Order(StringComparer.Ordinal));
        Assert.All(ids.Json.EnumerateArray(), item => Assert.Equal(JsonValueKind.String, item.ValueKind));
        Assert.Equal(("3", "3"), (ids.Headers["X-Weave-Records"], full.Headers["X-Weave-Records"]));
        Assert.All(full.Json.EnumerateArray(), item => Assert.Equal(["id", "modified", "payload", "sortindex"], item.EnumerateObject().Select(member => member.Name)));
    }

    [Fact]
    public async Task Get_NewerAndOlder_AreStrict_AtTwoDecimals()
    {
        using var device = await ThreeAsync();
        var stamps = (await device.GetAsync("/storage/history?full=1&sort=oldest")).Json.EnumerateArray().Select(item => item.GetProperty("modified").GetRawText()).ToList();

        Assert.Equal(["c", "b"], (await device.GetAsync($"/storage/history?sort=newest&newer={stamps[0]}")).Ids);
        Assert.Equal(["c", "b"], (await device.GetAsync($"/storage/history?sort=newest&newer={stamps[0]}4")).Ids);
        Assert.Equal([], (await device.GetAsync($"/storage/history?newer={stamps[2]}")).Ids);
        Assert.Equal(["a"], (await device.GetAsync($"/storage/history?older={stamps[1]}")).Ids);
        Assert.Equal(["b"], (await device.GetAsync($"/storage/history?newer={stamps[0]}&older={stamps[2]}")).Ids);
        Assert.Equal(3, (await device.GetAsync("/storage/history?newer=-1")).Ids.Count());
        Assert.Equal(3, (await device.GetAsync("/storage/history?newer=1e3")).Ids.Count());
    }

    [Fact]
    public async Task Get_SortLimitAndOffset_OrderAndCut()
    {
        using var device = await ThreeAsync();

        Assert.Equal(["a", "b", "c"], (await device.GetAsync("/storage/history?sort=oldest")).Ids);
        Assert.Equal(["c", "b", "a"], (await device.GetAsync("/storage/history?sort=newest")).Ids);
        Assert.Equal(["b", "c", "a"], (await device.GetAsync("/storage/history?sort=index")).Ids);
        Assert.Equal(["b", "c"], (await device.GetAsync("/storage/history?sort=index&limit=2")).Ids);
        Assert.Equal(["c"], (await device.GetAsync("/storage/history?sort=index&limit=1&offset=1")).Ids);
        Assert.Equal(["a"], (await device.GetAsync("/storage/history?sort=index&limit=5&offset=2")).Ids);
        Assert.Equal([], (await device.GetAsync("/storage/history?limit=5&offset=3")).Ids);
        Assert.Equal(3, (await device.GetAsync("/storage/history?limit=0&sort=sideways")).Ids.Count());
        Assert.Equal(3, (await device.GetAsync("/storage/history?limit=-1&offset=2")).Ids.Count());
        Assert.Equal(3, (await device.GetAsync("/storage/history?offset=2")).Ids.Count());
    }

    [Fact]
    public async Task Get_IndexAboveAndBelow_ChooseByWeight()
    {
        using var device = await ThreeAsync();
        (await device.PutAsync("/storage/history/light", WeaveClient.Wbo("light", "x"))).AssertWritten();

        Assert.Equal(["b"], (await device.GetAsync("/storage/history?index_above=20")).Ids);
        Assert.Equal(["b", "c"], (await device.GetAsync("/storage/history?index_above=19.5&sort=index")).Ids);
        Assert.Equal(["a"], (await device.GetAsync("/storage/history?index_below=20")).Ids);
        Assert.Equal(["c"], (await device.GetAsync("/storage/history?index_above=10&index_below=30&full=1")).Ids);
        Assert.Equal(["c"], (await device.GetAsync("/storage/history?index_above=5&sort=index&limit=1&offset=1")).Ids);
    }

    [Fact]
    public async Task Get_Ids_ChoosesThese_AndUnknownOrImpossibleOnesGiveNothing()
    {
        using var device = await ThreeAsync();
        const string guid = "{0c2b9f5c-4a3e-4d0b-9d4e-1f2a3b4c5d6e}";
        (await device.PostAsync("/storage/history", $"[{WeaveClient.Wbo(guid, "x")}]")).AssertOk();

        Assert.Equal(["a", "c"], (await device.GetAsync("/storage/history?ids=c,a,zzz")).Ids.Order(StringComparer.Ordinal));
        Assert.Equal([guid], (await device.GetAsync($"/storage/history?ids={Uri.EscapeDataString(guid)}")).Ids);
        Assert.Equal([], (await device.GetAsync($"/storage/history?ids={new string('x', 100)}")).Ids);
        Assert.Equal([], (await device.GetAsync("/storage/history?ids=")).Ids);
        Assert.Equal(["b"], (await device.GetAsync($"/storage/history?ids={string.Join(',', Enumerable.Range(0, 150).Select(i => $"x{i}"))},b")).Ids);
    }

    [Fact]
    public async Task Get_ByParentOrPredecessor_FindsNothing_SinceNeitherIsKept()
    {
        using var device = await server.NewUserAsync();
        (await device.PutAsync("/storage/bookmarks/a", WeaveClient.Wbo("a", "x", ",\"parentid\":\"p\",\"predecessorid\":\"q\""))).AssertWritten();

        Assert.Equal([], (await device.GetAsync("/storage/bookmarks?parentid=p")).Ids);
        Assert.Equal([], (await device.GetAsync("/storage/bookmarks?predecessorid=q")).Ids);
        (await device.DeleteAsync("/storage/bookmarks?parentid=p")).AssertWritten();
        Assert.Equal(["a"], (await device.GetAsync("/storage/bookmarks")).Ids);
    }

    [Theory]
    [InlineData("newer=x")]
    [InlineData("older=1.2.3")]
    [InlineData("limit=many")]
    [InlineData("limit=1.5")]
    [InlineData("offset=x&limit=1")]
    [InlineData("index_above=x")]
    [InlineData("index_below=")]
    public async Task Get_WithWhatIsNoNumber_Is400(string query)
    {
        using var device = await server.NewUserAsync();

        (await device.GetAsync($"/storage/history?{query}")).AssertStatus(400);
        (await device.DeleteAsync($"/storage/history?{query}")).AssertStatus(400);
    }

    [Fact]
    public async Task Get_InNewlines_EndsEachLine_AndEscapesThoseWithin()
    {
        using var device = await server.NewUserAsync();
        (await device.PutAsync("/storage/history/a", WeaveClient.Wbo("a", "1\n2"))).AssertWritten();
        (await device.PutAsync("/storage/history/b", WeaveClient.Wbo("b", "3"))).AssertWritten();

        var full = (await device.GetAsync("/storage/history?full=1&sort=oldest", ("Accept", "application/newlines"))).AssertOk();
        var ids = (await device.GetAsync("/storage/history?sort=oldest", ("Accept", "application/newlines;q=0.9, */*"))).AssertOk();
        var none = (await device.GetAsync("/storage/nothing", ("Accept", "application/newlines"))).AssertOk();

        Assert.Equal("application/newlines", full.Type);
        Assert.EndsWith("\n", full.Text, StringComparison.Ordinal);
        var lines = full.Text.Split('\n')[..^1];
        Assert.Equal(["1\n2", "3"], lines.Select(line => JsonDocument.Parse(line).RootElement.GetProperty("payload").GetString()));
        Assert.Contains("\\u000a", lines[0], StringComparison.Ordinal);
        Assert.Equal("\"a\"\n\"b\"\n", ids.Text);
        Assert.Equal("", none.Text);
    }

    [Fact]
    public async Task Get_InWhoisi_HasALengthBeforeEach_AndGoesBeforeNewlines()
    {
        const string escaped = "\"\\\n\u0001ä€😀";
        using var device = await ThreeAsync();
        (await device.PutAsync("/storage/history/d", WeaveClient.Wbo("d", escaped, ",\"sortindex\":-5"))).AssertWritten();

        var answer = (await device.GetAsync("/storage/history?full=1&sort=oldest", ("Accept", "application/newlines, application/whoisi"))).AssertOk();

        Assert.Equal("application/whoisi", answer.Type);
        var ids = new List<string>();
        for (var rest = answer.Bytes.AsSpan(); rest.Length > 0;)
        {
            var length = BinaryPrimitives.ReadInt32BigEndian(rest);
            var record = JsonDocument.Parse(Encoding.UTF8.GetString(rest.Slice(4, length))).RootElement;
            ids.Add(record.GetProperty("id").GetString()!);
            Assert.Equal(ids[^1] is "d" ? escaped : "x", record.GetProperty("payload").GetString());
            rest = rest[(4 + length)..];
        }

        Assert.Equal(["a", "b", "c", "d"], ids);
    }

    [Fact]
    public async Task Get_InAnyOtherForm_IsJson()
    {
        using var device = await ThreeAsync();

        foreach (var accept in new[] { "text/html", "*/*", "application/json, application/newlines", "image/png;q=0.1" })
        {
            Assert.Equal("application/json", (await device.GetAsync("/storage/history", ("Accept", accept))).AssertOk().Type);
        }
    }

    [Fact]
    public async Task Get_OfManyRecords_GivesAllOfThem_InOrder_InEachForm()
    {
        using var device = await server.NewUserAsync();
        const int count = 2_500;
        for (var from = 0; from < count; from += 100)
        {
            (await device.PostAsync("/storage/history", $"[{string.Join(',', Enumerable.Range(from, 100).Select(i => WeaveClient.Wbo($"r{i:0000}", "x", $",\"sortindex\":{i}")))}]")).AssertOk();
        }

        var lines = (await device.GetAsync("/storage/history?full=1&sort=index", ("Accept", "application/newlines"))).AssertOk().Text;
        var list = (await device.GetAsync("/storage/history?sort=index")).AssertOk();
        var middle = (await device.GetAsync("/storage/history?sort=index&limit=3&offset=1200")).AssertOk();
        var band = (await device.GetAsync("/storage/history?index_above=1500&index_below=1503&sort=index")).AssertOk();

        var expected = Enumerable.Range(0, count).Reverse().Select(i => $"r{i:0000}").ToList();
        Assert.Equal(expected, lines.Split('\n')[..^1].Select(line => JsonDocument.Parse(line).RootElement.GetProperty("id").GetString()!));
        Assert.Equal(expected, list.Ids);
        Assert.Equal(["r1299", "r1298", "r1297"], middle.Ids);
        Assert.Equal(["r1502", "r1501"], band.Ids);
    }

    [Fact]
    public async Task Delete_OfIds_OrWithOtherFilters_LeavesTheRest()
    {
        using var device = await ThreeAsync();
        var oldest = (await device.GetAsync("/storage/history/a")).Json.GetProperty("modified").GetRawText();

        var deleted = (await device.DeleteAsync("/storage/history?ids=a,zzz")).AssertWritten();
        Assert.Equal(["b", "c"], (await device.GetAsync("/storage/history?sort=oldest")).Ids);
        Assert.Equal(deleted.Text, (await device.GetAsync("/info/collections")).Json.GetProperty("history").GetRawText());

        (await device.DeleteAsync($"/storage/history?newer={oldest}&sort=newest&limit=1")).AssertWritten();
        Assert.Equal(["b"], (await device.GetAsync("/storage/history")).Ids);
        (await device.DeleteAsync("/storage/history?limit=1&offset=1")).AssertStatus(400);
        (await device.DeleteAsync("/storage/history?index_above=1")).AssertStatus(400);
        Assert.Equal(["b"], (await device.GetAsync("/storage/history")).Ids);
    }

    [Fact]
    public async Task Delete_OfNothing_SaysWhatTimeItIs_WhichIsTheCollections()
    {
        using var device = await ThreeAsync();
        var now = server.Time.GetUtcNow().ToUnixTimeMilliseconds() / 10;

        foreach (var query in new[] { "ids=zzz", "older=1", "ids=" })
        {
            var deleted = (await device.DeleteAsync($"/storage/history?{query}")).AssertWritten().Text;
            Assert.InRange(WeaveAnswer.Hundredths(deleted), now, now + 60_000);
            Assert.Equal(deleted, (await device.GetAsync("/info/collections")).Json.GetProperty("history").GetRawText());
        }

        Assert.Equal(3, (await device.GetAsync("/storage/history")).Ids.Count());
    }

    [Fact]
    public async Task Delete_OfACollection_IsATime_AlsoWhereThereIsNone()
    {
        using var device = await ThreeAsync();
        (await device.PutAsync("/storage/tabs/a", WeaveClient.Wbo("a", "x"))).AssertWritten();

        (await device.DeleteAsync("/storage/history")).AssertWritten();
        (await device.DeleteAsync("/storage/history")).AssertWritten();
        (await device.DeleteAsync("/storage/nothing?ids=a")).AssertWritten();

        Assert.Equal(["tabs"], (await device.GetAsync("/info/collections")).Json.EnumerateObject().Select(member => member.Name));
    }

    [Fact]
    public async Task Delete_OfAll_NeedsToBeConfirmed()
    {
        using var device = await ThreeAsync();

        (await device.DeleteAsync("/storage")).AssertError(4);
        Assert.Equal(3, (await device.GetAsync("/storage/history")).Ids.Count());
        var wiped = (await device.DeleteAsync("/storage", ("X-Confirm-Delete", "0"))).AssertWritten();
        (await device.DeleteAsync("/storage", ("X-Confirm-Delete", "1"))).AssertWritten();

        Assert.Equal("{}", (await device.GetAsync("/info/collections")).Text);
        var put = (await device.PutAsync("/storage/meta/global", WeaveClient.Wbo("global", "x"))).AssertWritten();
        Assert.True(WeaveAnswer.Hundredths(wiped.Text) < WeaveAnswer.Hundredths(put.Text));
    }

    [Fact]
    public async Task Info_TellsTimesCountsAndSizes()
    {
        using var device = await server.NewUserAsync();
        Assert.Equal("{}", (await device.GetAsync("/info/collections")).AssertOk().Text);
        (await device.PostAsync("/storage/history", $"[{WeaveClient.Wbo("a", new string('x', 512))},{WeaveClient.Wbo("b", new string('x', 1024))}]")).AssertOk();
        (await device.PutAsync("/storage/tabs/a", WeaveClient.Wbo("a", ""))).AssertWritten();

        var times = (await device.GetAsync("/info/collections?v=1.2&client=abc")).AssertOk();
        Assert.Equal(["history", "tabs"], times.Json.EnumerateObject().Select(member => member.Name).Order(StringComparer.Ordinal));
        Assert.All(times.Json.EnumerateObject(), member => WeaveAnswer.Hundredths(member.Value.GetRawText()));
        Assert.Equal("2", times.Headers["X-Weave-Records"]);
        Assert.Equal("""{"history":2,"tabs":1}""", (await device.GetAsync("/info/collection_counts")).AssertOk().Text);
        var usage = (await device.GetAsync("/info/collection_usage")).AssertOk().Json;
        Assert.Equal((1.5, 0.0), (usage.GetProperty("history").GetDouble(), usage.GetProperty("tabs").GetDouble()));
        var quota = (await device.GetAsync("/info/quota")).AssertOk().Json;
        Assert.Equal((1.5, 2_048_000.0), (quota[0].GetDouble(), quota[1].GetDouble()));
        (await device.GetAsync("/info/configuration")).AssertStatus(404);

        (await device.DeleteAsync("/storage/tabs/a")).AssertWritten();
        Assert.Equal("""{"history":2}""", (await device.GetAsync("/info/collection_counts")).Text);
        Assert.Equal(["history", "tabs"], (await device.GetAsync("/info/collections")).Json.EnumerateObject().Select(member => member.Name).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Times_OfAPost_AreOne_AndRise()
    {
        using var device = await server.NewUserAsync();
        var last = 0L;
        for (var i = 0; i < 5; i++)
        {
            var posted = (await device.PostAsync("/storage/history", $"[{WeaveClient.Wbo("a", $"{i}")},{WeaveClient.Wbo("b", $"{i}")}]")).AssertOk();
            var modified = posted.Json.GetProperty("modified").GetRawText();
            Assert.Equal(posted.Timestamp, modified);
            Assert.All((await device.GetAsync("/storage/history?full=1")).Json.EnumerateArray(), item => Assert.Equal(modified, item.GetProperty("modified").GetRawText()));
            Assert.True(last < WeaveAnswer.Hundredths(modified), string.Create(CultureInfo.InvariantCulture, $"{modified} after {last}"));
            last = WeaveAnswer.Hundredths(modified);
        }
    }

    /// <summary>A user with three records, which were written one after the other.</summary>
    private async Task<WeaveClient> ThreeAsync()
    {
        var device = await server.NewUserAsync();
        foreach (var (id, weight) in new[] { ("a", 10), ("b", 30), ("c", 20) })
        {
            (await device.PutAsync($"/storage/history/{id}", WeaveClient.Wbo(id, "x", $",\"sortindex\":{weight},\"ttl\":100000"))).AssertWritten();
        }

        return device;
    }
}
