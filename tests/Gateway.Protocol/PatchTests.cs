using Lockstep.Gateway.Kinto;

namespace Lockstep.Gateway.Protocol;

public sealed class PatchTests(KintoServer server) : IClassFixture<KintoServer>
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
