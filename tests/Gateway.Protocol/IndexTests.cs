using System.Text.Json;
using Lockstep.Gateway.Kinto;
using Lockstep.Storage.Contract;

namespace Lockstep.Gateway.Protocol;

/// <summary>Indexes that a collection declares, as clients see them.</summary>
[Collection(SharedServer.Name)]
public sealed class IndexTests(KintoServer server)
{
    private const string Collection = "/buckets/default/collections/tasks";
    private const string Indexes = $"{Collection}/indexes";
    private const string Records = KintoClient.Records;

    [Fact]
    public async Task Indexes_OfACollection_AreBuilt_TellHowFarTheyAre_AndChangeNoAnswer()
    {
        using var client = await server.NewUserAsync();
        for (var i = 0; i < 30; i++)
        {
            await client.PutAsync($"{Records}/r{i:00}", $$$$"""{"data":{"n":{{{{i % 5}}}},"o":{"t":"x{{{{i}}}}"}}}""");
        }

        string[] queries = ["n=3", "min_n=2&_sort=n&_limit=7", "_sort=-o.t&_limit=4", "o.t=x7&n=2", "lt_o.t=x2&_sort=id"];
        var before = new List<string>();
        foreach (var query in queries)
        {
            before.AddRange((await client.GetAsync($"{Records}?{query}")).Ids);
        }

        Assert.Equal(200, (await client.PutAsync(Collection, """{"data":{"indexes":["n","o.t"],"title":"a"}}""")).Status);
        JsonElement[] found = [];
        await Eventually.HoldsAsync("built", async () =>
        {
            found = [.. (await client.GetAsync(Indexes)).Json.GetProperty("data").EnumerateArray()];
            return found.All(static index => index.GetProperty("state").GetString() is "ready");
        });
        Assert.Equal(["n", "o.t"], found.Select(static index => index.GetProperty("field").GetString()));
        Assert.All(found, static index => Assert.Equal((30, 30), (index.GetProperty("records").GetInt32(), index.GetProperty("total").GetInt32())));

        var after = new List<string>();
        foreach (var query in queries)
        {
            after.AddRange((await client.GetAsync($"{Records}?{query}")).Ids);
        }

        Assert.Equal(before, after);
        Assert.Equal("6", (await client.SendAsync("HEAD", $"{Records}?n=3")).Headers["Total-Objects"]);
        Assert.Equal(200, (await client.SendAsync("PATCH", Collection, """{"data":{"indexes":[]}}""")).Status);
        Assert.Empty((await client.GetAsync(Indexes)).Json.GetProperty("data").EnumerateArray());
    }

    [Theory]
    [InlineData("\"n\"")]
    [InlineData("[1]")]
    [InlineData("[\"n\",\"n\"]")]
    [InlineData("[\"\"]")]
    [InlineData("[\"a..b\"]")]
    [InlineData("[\"id\"]")]
    [InlineData("[\"a\\u0000\"]")]
    [InlineData("[\"\\ud83d\"]")]
    [InlineData("[\"a\",\"b\",\"c\",\"d\",\"e\",\"f\"]")]
    public async Task Declaration_ThatCannotBe_Is400_AndNothingIsWritten(string indexes)
    {
        using var client = await server.NewUserAsync();

        var answer = await client.PutAsync(Collection, $$$"""{"data":{"indexes":{{{indexes}}}}}""");

        answer.AssertError(400, KintoErrno.InvalidParameters);
        Assert.Equal("data.indexes", Assert.Single(answer.Json.GetProperty("details").EnumerateArray()).GetProperty("name").GetString());
        Assert.Empty((await client.GetAsync("/buckets/default/collections")).Ids);
    }

    [Fact]
    public async Task Indexes_AreForThoseWhoMayReadTheRecords()
    {
        using var client = await server.NewUserAsync();
        using var other = await server.NewUserAsync();
        var bucket = $"/buckets/b{Guid.NewGuid():N}";
        await client.PutAsync(bucket, "{}");
        await client.PutAsync($"{bucket}/collections/tasks", """{"data":{"indexes":["n"]}}""");

        Assert.Equal(200, (await client.GetAsync($"{bucket}/collections/tasks/indexes")).Status);
        Assert.Equal(403, (await other.GetAsync($"{bucket}/collections/tasks/indexes")).Status);
        Assert.Equal(404, (await client.GetAsync($"{bucket}/collections/none/indexes")).Status);
    }
}
