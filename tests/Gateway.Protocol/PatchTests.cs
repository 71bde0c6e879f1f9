using Lockstep.Gateway.Kinto;

namespace Lockstep.Gateway.Protocol;

[Collection(SharedServer.Name)]
public sealed class PatchTests(KintoServer server)
{
    private const string Record = KintoClient.Records + "/a";

    [Theory]
    [InlineData("application/json", """{"data":{"b":null,"c":{"y":2}}}""", """{"a":1,"b":null,"c":{"y":2}}""")]
    [InlineData("application/merge-patch+json", """{"data":{"b":null,"c":{"y":2}}}""", """{"a":1,"c":{"x":1,"y":2}}""")]
    [InlineData("application/json-patch+json", """[{"op":"remove","path":"/data/b"},{"op":"add","path":"/data/c/y","value":2}]""", """{"a":1,"c":{"x":1,"y":2}}""")]
    public async Task Patch_InEachForm_ChangesWhatItNames(string type, string body, string expected)
    {
        using var client = await server.NewUserAsync();
        var before = await client.PutAsync(Record, """{"data":{"a":1,"b":2,"c":{"x":1}}}""");

        var answer = await client.SendAsync("PATCH", Record, body, ("Content-Type", type));

        Assert.Equal(200, answer.Status);
        Assert.True(answer.Stamp > before.Stamp);
        var fields = answer.Data.EnumerateObject().Where(property => property.Name is not ("id" or "last_modified"))
            .OrderBy(property => property.Name).Select(property => $"\"{property.Name}\":{property.Value.GetRawText()}");
        Assert.Equal(expected, $"{{{string.Join(',', fields)}}}");
        Assert.Equal(answer.Text, (await client.GetAsync(Record)).Text);
    }

    [Theory]
    [InlineData("light", """{"a":2,"c":3}""")]
    [InlineData("diff", """{}""")]
    public async Task Patch_ResponseBehavior_ShortensTheAnswer(string behaviour, string expected)
    {
        using var client = await server.NewUserAsync();
        await client.PutAsync(Record, """{"data":{"a":1,"b":2}}""");

        var answer = await client.SendAsync("PATCH", Record, """{"data":{"a":2,"b":2,"c":3}}""", ("Response-Behavior", behaviour));

        Assert.Equal(200, answer.Status);
        Assert.Equal(expected, answer.Data.GetRawText());
    }

    [Theory]
    [InlineData("1e99999999999")]
    [InlineData("\"\\ud800\"")]
    public async Task Patch_OfValuesThatCannotBeCompared_AnswersWhatWasDone(string value)
    {
        using var client = await server.NewUserAsync();
        var body = $$$"""{"data":{"n":{{{value}}}}}""";
        await client.PutAsync(Record, body);
        foreach (var behaviour in new[] { "light", "diff", "full" })
        {
            Assert.Equal(200, (await client.SendAsync("PATCH", Record, body, ("Response-Behavior", behaviour))).Status);
        }
    }

    /// <summary>What JavaScript makes when it cuts a text in the middle of an emoji.</summary>
    [Theory]
    [InlineData("application/json", """{"data":{"n":2}}""", "full")]
    [InlineData("application/merge-patch+json", """{"data":{"n":2}}""", "full")]
    [InlineData("application/merge-patch+json", """{"data":{"n":2}}""", "light")]
    [InlineData("application/merge-patch+json", """{"data":{"n":2,"s":"cut \uD83D"}}""", "diff")]
    [InlineData("application/json-patch+json", """[{"op":"test","path":"/data/s","value":"cut \uD83D"},{"op":"replace","path":"/data/n","value":2}]""", "full")]
    [InlineData("application/json-patch+json", """[{"op":"replace","path":"/data/n","value":2}]""", "diff")]
    public async Task Patch_OfARecordWithHalfASurrogatePair_KeepsItByteForByte(string type, string body, string behaviour)
    {
        using var client = await server.NewUserAsync();
        const string kept = """
            "s":"cut \ud83d","e":1.50e+0,"t":"\u0041\/"
            """;
        Assert.Equal(201, (await client.PutAsync(Record, $$$"""{"data":{{{{kept}}},"n":1}}""")).Status);

        var answer = await client.SendAsync("PATCH", Record, body, ("Content-Type", type), ("Response-Behavior", behaviour));

        Assert.Equal(200, answer.Status);
        var stored = (await client.GetAsync(Record)).Data;
        Assert.Equal(2, stored.GetProperty("n").GetInt32());
        Assert.Contains(body.Contains("\"s\"", StringComparison.Ordinal) ? kept[kept.IndexOf("\"e\"", StringComparison.Ordinal)..] : kept, stored.GetRawText(), StringComparison.Ordinal);
        Assert.Equal("cut \\ud83d", stored.GetProperty("s").GetRawText().Trim('"').ToLowerInvariant());
    }

    [Theory]
    [InlineData("application/json", """{"data":{"deleted":true}}""")]
    [InlineData("application/merge-patch+json", """{"data":{"deleted":{"by":"alice"}}}""")]
    [InlineData("application/json-patch+json", """[{"op":"move","from":"/data/gone","path":"/data/deleted"}]""")]
    public async Task Patch_ThatMakesAnObjectLookDeleted_Is400ThatNamesTheField_AndChangesNothing(string type, string body)
    {
        using var client = await server.NewUserAsync();
        foreach (var path in new[] { Record, "/buckets/default/collections/tasks", "/buckets/default" })
        {
            Assert.True((await client.PutAsync(path, """{"data":{"gone":true}}""")).Status is 200 or 201);
            var before = await client.GetAsync(path);

            var answer = await client.SendAsync("PATCH", path, body, ("Content-Type", type));

            answer.AssertError(400, KintoErrno.InvalidParameters);
            Assert.Equal("data.deleted", answer.Json.GetProperty("details")[0].GetProperty("name").GetString());
            Assert.Equal(before.Text, (await client.GetAsync(path)).Text);
        }
    }

    [Fact]
    public async Task Patch_Missing_Is404()
    {
        using var client = await server.NewUserAsync();
        (await client.SendAsync("PATCH", Record, """{"data":{"a":2}}""")).AssertError(404, KintoErrno.InvalidResourceId);
    }

    [Theory]
    [InlineData("application/json", "{}")]
    [InlineData("application/json", """{"data":{"id":"other"}}""")]
    [InlineData("application/json", "[]")]
    [InlineData("application/json-patch+json", "{}")]
    [InlineData("application/json-patch+json", """[{"op":"test","path":"/data/a","value":9}]""")]
    [InlineData("application/json-patch+json", """[{"op":"add","path":"/permissions/read/system.Everyone"}]""")]
    [InlineData("application/json-patch+json", "[")]
    public async Task Patch_ThatCannotBeApplied_Is400AndChangesNothing(string type, string body)
    {
        using var client = await server.NewUserAsync();
        var before = await client.PutAsync(Record, """{"data":{"a":1}}""");
        (await client.SendAsync("PATCH", Record, body, ("Content-Type", type))).AssertError(400, KintoErrno.InvalidParameters);
        Assert.Equal(before.Text, (await client.GetAsync(Record)).Text);
    }

    [Fact]
    public async Task Patch_UnknownBehaviour_Is400()
    {
        using var client = await server.NewUserAsync();
        (await client.SendAsync("PATCH", Record, """{"data":{}}""", ("Response-Behavior", "loud"))).AssertError(400, KintoErrno.InvalidParameters);
    }

    [Fact]
    public async Task Patch_OfCollectionAndBucket_WorksToo()
    {
        using var client = await server.NewUserAsync();
        Assert.Equal(200, (await client.SendAsync("PATCH", "/buckets/default/collections/tasks", """{"data":{"colour":"red"}}""")).Status);
        Assert.Equal(200, (await client.SendAsync("PATCH", "/buckets/default", """{"data":{"id":"default","note":"x"}}""")).Status);
        Assert.Equal("red", (await client.GetAsync("/buckets/default/collections/tasks")).Data.GetProperty("colour").GetString());
        Assert.Equal("x", (await client.GetAsync("/buckets/default")).Data.GetProperty("note").GetString());
    }
}
