using System.Globalization;
using System.Text.Json;

namespace Lockstep.Gateway.Sync15.Tests;

/// <summary>Single records: PUT, GET and DELETE, and what a record is.</summary>
[Collection(SharedServer.Name)]
public sealed class RecordTests(SyncServer server)
{
    [Fact]
    public async Task Record_PutAndRead_IsTheSame_AndTheTimesAgree()
    {
        using var device = server.NewUser();

        var put = (await device.PutAsync("/storage/bookmarks/a", """{"id":"a","payload":"{\"x\":\"\u00fc\\n\"}","sortindex":-5,"modified":1}""")).AssertOk();
        var got = (await device.GetAsync("/storage/bookmarks/a")).AssertOk();

        Assert.Equal(put.Text, put.LastModified);
        Assert.Equal(put.Timestamp, put.LastModified);
        Assert.Equal(put.LastModified, got.LastModified);
        Assert.Equal($$"""{"id":"a","modified":{{put.Text}},"payload":"{\"x\":\"ü\\n\"}","sortindex":-5}""", got.Text);
        Assert.Equal("application/json", got.Headers["Content-Type"]);
        Assert.EndsWith("; sandbox", got.Headers["Content-Security-Policy"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Record_OnlyFieldsThatAreSent_Change()
    {
        using var device = server.NewUser();
        await device.PutAsync("/storage/bookmarks/a", """{"payload":"one","sortindex":1}""");

        (await device.PutAsync("/storage/bookmarks/a", """{"payload":"two"}""")).AssertOk();
        Assert.Equal(("two", 1), await ReadAsync(device));

        (await device.PutAsync("/storage/bookmarks/a", """{"sortindex":2}""")).AssertOk();
        Assert.Equal(("two", 2), await ReadAsync(device));

        (await device.PutAsync("/storage/bookmarks/a", """{"payload":null,"sortindex":null,"ttl":null}""")).AssertOk();
        Assert.Equal(("two", 2), await ReadAsync(device));

        static async Task<(string, int)> ReadAsync(SyncClient device)
        {
            var json = (await device.GetAsync("/storage/bookmarks/a")).Json;
            return (json.GetProperty("payload").GetString()!, json.GetProperty("sortindex").GetInt32());
        }
    }

    [Fact]
    public async Task Record_NewWithoutPayload_HasAnEmptyOne()
    {
        using var device = server.NewUser();
        (await device.PutAsync("/storage/bookmarks/a", """{"ttl":null}""")).AssertOk();

        var json = (await device.GetAsync("/storage/bookmarks/a")).AssertOk().Json;

        Assert.Equal("", json.GetProperty("payload").GetString());
        Assert.False(json.TryGetProperty("sortindex", out _));
        Assert.False(json.TryGetProperty("ttl", out _));
    }

    [Fact]
    public async Task Lifetime_AloneKeepsTheRecordsTime_AndMovesTheCollections()
    {
        using var device = server.NewUser();
        var first = (await device.PutAsync("/storage/tabs/a", """{"payload":"x"}""")).AssertOk();

        var second = (await device.PutAsync("/storage/tabs/a", """{"ttl":1000}""")).AssertOk();

        Assert.True(second.Stamp > first.Stamp);
        Assert.Equal(first.LastModified, (await device.GetAsync("/storage/tabs/a")).LastModified);
        Assert.Equal(second.LastModified, (await device.GetAsync("/storage/tabs")).LastModified);
        Assert.Equal(second.Text, (await device.GetAsync("/info/collections")).Json.GetProperty("tabs").GetRawText());
    }

    [Fact]
    public async Task Lifetime_OfZero_EndsAtOnce_EverywhereAlike()
    {
        using var device = server.NewUser();
        await device.PutAsync("/storage/tabs/b", """{"payload":"four"}""");
        (await device.PutAsync("/storage/tabs/a", """{"payload":"gone","sortindex":7,"ttl":0}""")).AssertOk();

        (await device.GetAsync("/storage/tabs/a")).AssertError(404, 0);
        Assert.Equal(["b"], (await device.GetAsync("/storage/tabs")).Ids);
        Assert.Equal(["b"], (await device.GetAsync("/storage/tabs?newer=0&sort=oldest")).Ids);
        Assert.Equal(["b"], (await device.GetAsync("/storage/tabs?ids=a,b&sort=index")).Ids);
        Assert.Equal("{\"tabs\":1}", (await device.GetAsync("/info/collection_counts")).Text);
        Assert.Equal("{\"tabs\":0.00390625}", (await device.GetAsync("/info/collection_usage")).Text);
        (await device.DeleteAsync("/storage/tabs/a")).AssertError(404, 0);

        // Nothing of it comes back.
        (await device.PutAsync("/storage/tabs/a", """{"ttl":1000}""")).AssertOk();
        var fresh = (await device.GetAsync("/storage/tabs/a")).AssertOk().Json;
        Assert.Equal("", fresh.GetProperty("payload").GetString());
        Assert.False(fresh.TryGetProperty("sortindex", out _));
        Assert.Equal("{\"tabs\":2}", (await device.GetAsync("/info/collection_counts")).Text);
    }

    [Fact]
    public async Task Record_Deleted_IsGone_AndTheCollectionsTimeRises()
    {
        using var device = server.NewUser();
        var put = (await device.PutAsync("/storage/tabs/a", """{"payload":"x"}""")).AssertOk();

        var deleted = (await device.DeleteAsync("/storage/tabs/a")).AssertOk();

        Assert.True(deleted.Stamp > put.Stamp);
        Assert.Equal($$"""{"modified":{{deleted.LastModified}}}""", deleted.Text);
        Assert.Equal(deleted.LastModified, deleted.Timestamp);
        (await device.GetAsync("/storage/tabs/a")).AssertError(404, 0);
        (await device.DeleteAsync("/storage/tabs/a")).AssertError(404, 0);
        Assert.Equal(deleted.LastModified, (await device.GetAsync("/storage/tabs?newer=0")).AssertOk().LastModified);
        Assert.Equal("[]", (await device.GetAsync("/storage/tabs?newer=0")).Text);
        Assert.Equal($$"""{"tabs":{{deleted.LastModified}}}""", (await device.GetAsync("/info/collections")).Text);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("42")]
    [InlineData("null")]
    [InlineData("""{"payload":1}""")]
    [InlineData("""{"payload":"\ud800"}""")]
    [InlineData("""{"sortindex":"2"}""")]
    [InlineData("""{"sortindex":2.6}""")]
    [InlineData("""{"sortindex":1000000000}""")]
    [InlineData("""{"sortindex":-1000000000}""")]
    [InlineData("""{"ttl":-1}""")]
    [InlineData("""{"ttl":1000000000}""")]
    [InlineData("""{"ttl":"1"}""")]
    [InlineData("""{"id":7,"payload":"x"}""")]
    [InlineData("""{"payload":"x","other":1}""")]
    [InlineData("""{"payload":"x","payload":"y"}""")]
    public async Task Put_OfNoRecord_Is400_AndStoresNothing(string body)
    {
        using var device = server.NewUser();

        (await device.PutAsync("/storage/tabs/a", body)).AssertError(400, 8);

        Assert.Equal("{}", (await device.GetAsync("/info/collections")).Text);
    }

    [Theory]
    [InlineData("""{"sortindex":999999999,"ttl":999999999,"collection":"x","modified":"y"}""")]
    [InlineData("""{"sortindex":-999999999}""")]
    [InlineData("{}")]
    public async Task Put_WithinTheBounds_Is200(string body)
    {
        using var device = server.NewUser();

        (await device.PutAsync("/storage/tabs/a", body)).AssertOk();
    }

    [Fact]
    public async Task Payload_AsLargeAsMayBe_IsStored_OneByteMore_Is400()
    {
        using var device = server.NewUser();
        var most = (await device.GetAsync("/info/configuration")).Json.GetProperty("max_record_payload_bytes").GetInt32();

        (await device.PutAsync("/storage/tabs/a", $$"""{"payload":"{{new string('x', most)}}"}""")).AssertOk();
        (await device.PutAsync("/storage/tabs/b", $$"""{"payload":"{{new string('x', most + 1)}}"}""")).AssertError(400, 8);

        Assert.Equal(most, (await device.GetAsync("/storage/tabs/a")).Json.GetProperty("payload").GetString()!.Length);
        Assert.Equal(["a"], (await device.GetAsync("/storage/tabs")).Ids);
    }

    [Fact]
    public async Task Body_LargerThanARequestMayBe_Is413()
    {
        using var device = server.NewUser();
        var most = (await device.GetAsync("/info/configuration")).Json.GetProperty("max_request_bytes").GetInt32();

        (await device.PutAsync("/storage/tabs/a", new string('x', most + 1))).AssertError(413, 17);
    }

    [Theory]
    [InlineData("/storage/tabs/%0A")]
    [InlineData("/storage/tabs/a%0A")]
    [InlineData("/storage/tabs/%C3%BC")]
    [InlineData("/storage/tabs/12345678901234567890123456789012345678901234567890123456789012345")]
    [InlineData("/storage/ta%20bs/a")]
    [InlineData("/storage/t%C3%A4bs/a")]
    [InlineData("/storage/123456789012345678901234567890123/a")]
    public async Task Names_ThatCannotBe_Are404(string path)
    {
        using var device = server.NewUser();

        (await device.PutAsync(path, """{"payload":"x"}""")).AssertError(404, 0);
        (await device.GetAsync(path)).AssertError(404, 0);
        (await device.DeleteAsync(path)).AssertError(404, 0);
    }

    [Theory]
    [InlineData("e2VjODAz%3D%3D", "e2VjODAz==")]
    [InlineData("%20~!*'()%22%5C", " ~!*'()\"\\")]
    public async Task Ids_OfAllPrintableCharacters_AreTaken(string path, string id)
    {
        using var device = server.NewUser();

        (await device.PutAsync($"/storage/A-z.0_9/{path}", """{"payload":"x"}""")).AssertOk();

        Assert.Equal(id, (await device.GetAsync($"/storage/A-z.0_9/{path}")).Json.GetProperty("id").GetString());
        Assert.Equal([id], (await device.GetAsync("/storage/A-z.0_9")).Ids);
    }

    [Fact]
    public async Task ContentType_OfAnotherKind_Is415_PlainText_IsJson()
    {
        using var device = server.NewUser();

        (await device.PutAsync("/storage/tabs/a", """{"payload":"x"}""", ("Content-Type", "text/plain; charset=utf-8"))).AssertOk();
        (await device.PutAsync("/storage/tabs/a", """{"payload":"x"}""", ("Content-Type", "application/x-www-form-urlencoded"))).AssertError(415, 0);
        (await device.PutAsync("/storage/tabs/a", """{"payload":"x"}""", ("Content-Type", "application/newlines"))).AssertError(415, 0);
    }

    [Fact]
    public async Task Crypto_KeysWithoutTheirRandomPart_AreRefused_ThereOnly()
    {
        using var device = server.NewUser();
        var payload = JsonSerializer.Serialize("""{"ciphertext":"x","IV": "AAAAAAAAAAAAAAAAAAAAAA==","hmac":"y"}""");

        (await device.PutAsync("/storage/crypto/keys", $$"""{"payload":{{payload}}}""")).AssertError(400, 8);
        (await device.PostAsync("/storage/crypto", $$"""[{"id":"keys","payload":{{payload}}}]""")).AssertError(400, 8);
        (await device.PutAsync("/storage/other/keys", $$"""{"payload":{{payload}}}""")).AssertOk();
    }

    [Fact]
    public async Task Writers_InParallel_AllGet200_WithTimesOfTheirOwn()
    {
        using var device = server.NewUser();

        var answers = await Task.WhenAll(Enumerable.Range(0, 40).Select(i => device.PutAsync(
            string.Create(CultureInfo.InvariantCulture, $"/storage/tabs/{i % 7}"), """{"payload":"x"}""")));

        Assert.All(answers, answer => answer.AssertOk());
        Assert.Equal(40, answers.Select(answer => answer.Text).Distinct().Count());
        Assert.Equal(answers.Max(answer => answer.Stamp), (await device.GetAsync("/storage/tabs")).Stamp);
    }
}
