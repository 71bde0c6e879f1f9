using Lockstep.Gateway.Protocol;
using Lockstep.Storage.Contract;

namespace Lockstep.Gateway.Sync11.Tests;

/// <summary>Single records: GET, PUT, DELETE, and what a Weave Basic Object may be.</summary>
[Collection(SharedServer.Name)]
public sealed class RecordTests(WeaveServer server)
{
    [Fact]
    public async Task Put_ThenGet_GivesTheRecord_WithTheTimeOfTheHeader()
    {
        using var device = await server.NewUserAsync();

        var put = (await device.PutAsync("/storage/bookmarks/a", """{"id":"a","payload":"x\"\n","sortindex":5,"ttl":1000}""")).AssertWritten();
        var got = (await device.GetAsync("/storage/bookmarks/a")).AssertOk();

        Assert.Equal("x\"\n", got.Json.GetProperty("payload").GetString());
        Assert.Equal(["id", "modified", "payload", "sortindex"], got.Json.EnumerateObject().Select(member => member.Name));
        Assert.Equal(put.Text, got.Json.GetProperty("modified").GetRawText());
        Assert.Equal(put.Text, (await device.GetAsync("/info/collections")).Json.GetProperty("bookmarks").GetRawText());
        Assert.Equal("application/json", got.Type);
        Assert.EndsWith("; sandbox", got.Headers["Content-Security-Policy"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Put_IdOfTheUrl_GoesBeforeTheBodys()
    {
        using var device = await server.NewUserAsync();

        (await device.PutAsync("/storage/meta/global", """{"id":"other","payload":"x"}""")).AssertWritten();

        Assert.Equal(["global"], (await device.GetAsync("/storage/meta")).Ids);
    }

    [Fact]
    public async Task Put_WithoutPayload_KeepsThePayload()
    {
        using var device = await server.NewUserAsync();
        (await device.PutAsync("/storage/bookmarks/a", WeaveClient.Wbo("a", "kept"))).AssertWritten();

        (await device.PutAsync("/storage/bookmarks/a", """{"sortindex":7}""")).AssertWritten();

        var record = (await device.GetAsync("/storage/bookmarks/a")).Json;
        Assert.Equal(("kept", 7), (record.GetProperty("payload").GetString(), record.GetProperty("sortindex").GetInt32()));
    }

    [Theory]
    [InlineData("no json", 6)]
    [InlineData("", 6)]
    [InlineData("[]", 8)]
    [InlineData("42", 8)]
    [InlineData("""{"payload":1}""", 8)]
    [InlineData("""{"payload":{}}""", 8)]
    [InlineData("""{"payload":"x","sortindex":"heavy"}""", 8)]
    [InlineData("""{"payload":"x","sortindex":1000000000}""", 8)]
    [InlineData("""{"payload":"x","ttl":-1}""", 8)]
    [InlineData("""{"payload":"x","ttl":31536001}""", 8)]
    [InlineData("""{"payload":"x","parentid":[]}""", 8)]
    [InlineData("""{"payload":"x","predecessorid":"12345678901234567890123456789012345678901234567890123456789012345"}""", 8)]
    public async Task Put_OfWhatIsNoRecord_IsItsNumber_AndStoresNothing(string body, int code)
    {
        using var device = await server.NewUserAsync();

        (await device.PutAsync("/storage/bookmarks/a", body)).AssertError(code);

        Assert.Equal("{}", (await device.GetAsync("/info/collections")).Text);
    }

    [Fact]
    public async Task Put_NumbersAsTexts_FloatsAndUnknownFields_AreTaken()
    {
        using var device = await server.NewUserAsync();

        (await device.PutAsync("/storage/bookmarks/a", """{"payload":"x","sortindex":"12","ttl":"600","parentid":7,"predecessorid":"b","modified":1.5,"colour":{"red":1}}""")).AssertWritten();
        (await device.PutAsync("/storage/bookmarks/b", """{"payload":null,"sortindex":-3.9,"ttl":null}""")).AssertWritten();

        Assert.Equal(12, (await device.GetAsync("/storage/bookmarks/a")).Json.GetProperty("sortindex").GetInt32());
        var withoutPayload = (await device.GetAsync("/storage/bookmarks/b")).Json;
        Assert.Equal((-3, ""), (withoutPayload.GetProperty("sortindex").GetInt32(), withoutPayload.GetProperty("payload").GetString()));
    }

    [Fact]
    public async Task Payload_OfTheGreatestSize_IsTaken_OneByteMoreIs8()
    {
        using var device = await server.NewUserAsync();
        var most = new string('ä', 128 << 10);

        (await device.PutAsync("/storage/bookmarks/a", WeaveClient.Wbo("a", most))).AssertWritten();
        (await device.PutAsync("/storage/bookmarks/b", WeaveClient.Wbo("b", most + "x"))).AssertError(8);

        Assert.Equal(most, (await device.GetAsync("/storage/bookmarks/a")).Json.GetProperty("payload").GetString());
    }

    [Fact]
    public async Task Get_OfWhatIsNotThere_Is404()
    {
        using var device = await server.NewUserAsync();
        (await device.PutAsync("/storage/meta/global", WeaveClient.Wbo("global", "x"))).AssertWritten();

        (await device.GetAsync("/storage/crypto/keys")).AssertStatus(404);
        (await device.GetAsync("/storage/meta/locale")).AssertStatus(404);
        (await device.GetAsync("/storage/no%20name/a")).AssertStatus(404);
        (await device.GetAsync($"/storage/{new string('c', 33)}/a")).AssertStatus(404);
        (await device.GetAsync($"/storage/meta/{new string('i', 65)}")).AssertStatus(404);
    }

    [Fact]
    public async Task Names_MayHaveOddSigns_ButNotEachLength()
    {
        using var device = await server.NewUserAsync();
        string[] ids = ["abc#def", "abc?def", "abc~def", "a\\b", "a b", "{0c2b9f5c-4a3e-4d0b-9d4e-1f2a3b4c5d6e}", "A", "a", new('i', 64)];
        var collection = new string('c', 32);

        foreach (var id in ids)
        {
            (await device.PutAsync($"/storage/{collection}/{Uri.EscapeDataString(id)}", "{\"payload\":\"x\"}")).AssertWritten();
            Assert.Equal(id, (await device.GetAsync($"/storage/{collection}/{Uri.EscapeDataString(id)}")).AssertOk().Json.GetProperty("id").GetString());
        }

        (await device.PutAsync($"/storage/{collection}/{new string('i', 65)}", "{\"payload\":\"x\"}")).AssertStatus(404);
        (await device.PutAsync($"/storage/{collection}c/a", "{\"payload\":\"x\"}")).AssertStatus(404);
        (await device.PostAsync($"/storage/{collection}c", "[]")).AssertStatus(404);
        Assert.Equal(ids.Order(StringComparer.Ordinal), (await device.GetAsync($"/storage/{collection}")).Ids.Order(StringComparer.Ordinal));
    }

    [OneProcessFact("Silos have the machine's own clock.")]
    public async Task Record_ThatHasExpired_Is404_AndCanBePutAgain()
    {
        var time = new FakeTime(TimeProvider.System.GetUtcNow()) { TimersAreReal = true };
        var own = await WeaveServer.StartAsync(options => options, time);
        using var device = await own.NewUserAsync();
        (await device.PutAsync("/storage/tabs/b", WeaveClient.Wbo("b", "x"))).AssertWritten();
        var last = (await device.PutAsync("/storage/tabs/a", WeaveClient.Wbo("a", "x", ",\"ttl\":60"))).AssertWritten().Text;

        time.Advance(TimeSpan.FromSeconds(59));
        (await device.GetAsync("/storage/tabs/a")).AssertOk();
        time.Advance(TimeSpan.FromSeconds(2));

        (await device.GetAsync("/storage/tabs/a")).AssertStatus(404);
        Assert.Equal(["b"], (await device.GetAsync("/storage/tabs")).Ids);
        Assert.Equal("""{"tabs":1}""", (await device.GetAsync("/info/collection_counts")).Text);
        Assert.Equal(last, (await device.GetAsync("/info/collections")).Json.GetProperty("tabs").GetRawText());
        (await device.PutAsync("/storage/tabs/a", WeaveClient.Wbo("a", "y"))).AssertWritten();
        Assert.Equal("y", (await device.GetAsync("/storage/tabs/a")).Json.GetProperty("payload").GetString());
        await own.DisposeAsync();
    }

    [Fact]
    public async Task Delete_OfARecord_IsATime_AlsoWhereThereIsNone()
    {
        using var device = await server.NewUserAsync();
        var put = (await device.PutAsync("/storage/clients/a", WeaveClient.Wbo("a", "x"))).AssertWritten();

        var deleted = (await device.DeleteAsync("/storage/clients/a")).AssertWritten();
        var again = (await device.DeleteAsync("/storage/clients/a")).AssertWritten();
        (await device.DeleteAsync("/storage/nothing/a")).AssertWritten();

        (await device.GetAsync("/storage/clients/a")).AssertStatus(404);
        Assert.True(WeaveAnswer.Hundredths(put.Text) < WeaveAnswer.Hundredths(deleted.Text));
        Assert.True(WeaveAnswer.Hundredths(deleted.Text) <= WeaveAnswer.Hundredths(again.Text));
    }

    [Fact]
    public async Task IfUnmodifiedSince_IsAboutTheCollection()
    {
        using var device = await server.NewUserAsync();
        var first = (await device.PutAsync("/storage/bookmarks/a", WeaveClient.Wbo("a", "1"))).AssertWritten().Text;
        var second = (await device.PutAsync("/storage/bookmarks/b", WeaveClient.Wbo("b", "1"))).AssertWritten().Text;
        (string, string) then = ("X-If-Unmodified-Since", first), now = ("X-If-Unmodified-Since", second);

        (await device.PutAsync("/storage/bookmarks/a", WeaveClient.Wbo("a", "2"), then)).AssertStatus(412);
        (await device.PostAsync("/storage/bookmarks", $"[{WeaveClient.Wbo("a", "2")}]", then)).AssertStatus(412);
        (await device.PostAsync("/storage/bookmarks", "[{\"id\":\"a\",\"payload\":1}]", then)).AssertStatus(412);
        (await device.PostAsync("/storage/bookmarks", "[]", then)).AssertStatus(412);
        (await device.DeleteAsync("/storage/bookmarks/a", then)).AssertStatus(412);
        (await device.DeleteAsync("/storage/bookmarks", then)).AssertStatus(412);
        (await device.DeleteAsync("/storage/bookmarks?ids=a", then)).AssertStatus(412);
        (await device.PutAsync("/storage/bookmarks/a", WeaveClient.Wbo("a", "2"), ("X-If-Unmodified-Since", "yesterday"))).AssertStatus(400);
        Assert.Equal("1", (await device.GetAsync("/storage/bookmarks/a")).Json.GetProperty("payload").GetString());

        (await device.PostAsync("/storage/bookmarks", "[{\"id\":\"a\",\"payload\":1}]", now)).AssertOk();
        (await device.PostAsync("/storage/none", "[{\"id\":\"a\",\"payload\":1}]", then)).AssertOk();
        Assert.False((await device.GetAsync("/info/collections")).Json.TryGetProperty("none", out _));
        (await device.PutAsync("/storage/history/a", WeaveClient.Wbo("a", "1"), then)).AssertWritten();
        (await device.PutAsync("/storage/bookmarks/a", WeaveClient.Wbo("a", "2"), now)).AssertWritten();
        (await device.DeleteAsync("/storage", then, ("X-Confirm-Delete", "1"))).AssertWritten();
    }
}
