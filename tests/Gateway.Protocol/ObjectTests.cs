using System.Text.Json;
using Lockstep.Core.Buckets;
using Lockstep.Core.Operations;
using Lockstep.Core.Records;
using Lockstep.Gateway.Kinto;
using Microsoft.Extensions.DependencyInjection;

namespace Lockstep.Gateway.Protocol;

[Collection(SharedServer.Name)]
public sealed class ObjectTests(KintoServer server)
{
    private const string Record = KintoClient.Records + "/a";

    [Fact]
    public async Task Put_NewThenExisting_Is201Then200AndReplaces()
    {
        using var client = await server.NewUserAsync();
        var created = await client.PutAsync(Record, """{"data":{"title":"x","n":1.50,"deep":{"a":[1,null,"ü"]}}}""");
        var replaced = await client.PutAsync(Record, """{"data":{"other":true}}""");
        var read = await client.GetAsync(Record);

        Assert.Equal((201, 200, 200), (created.Status, replaced.Status, read.Status));
        Assert.Equal("""{"a":[1,null,"ü"]}""", created.Data.GetProperty("deep").GetRawText());
        Assert.Equal("1.50", created.Data.GetProperty("n").GetRawText());
        Assert.Equal("a", created.Data.GetProperty("id").GetString());
        Assert.Equal(created.Stamp, created.Data.GetProperty("last_modified").GetInt64());
        Assert.True(replaced.Stamp > created.Stamp);
        Assert.Equal(replaced.Text, read.Text);
        Assert.Equal(replaced.ETag, read.ETag);
        Assert.False(read.Data.TryGetProperty("title", out _));
        Assert.Equal("account:", read.Json.GetProperty("permissions").GetProperty("write")[0].GetString()![..8]);
        Assert.True(read.Headers.ContainsKey("Last-Modified"));
        Assert.Equal("application/json", read.Headers["Content-Type"]);
    }

    [Fact]
    public async Task Put_WithoutData_KeepsWhatIsThere()
    {
        using var client = await server.NewUserAsync();
        await client.PutAsync(Record, """{"data":{"title":"x"}}""");

        var kept = await client.PutAsync(Record, "{}");
        var empty = await client.SendAsync("PUT", KintoClient.Records + "/b");

        Assert.Equal("x", kept.Data.GetProperty("title").GetString());
        Assert.Equal(201, empty.Status);
        Assert.Equal(2, empty.Data.EnumerateObject().Count());
    }

    [Fact]
    public async Task Put_EvenOfTheSame_GetsANewStamp()
    {
        using var client = await server.NewUserAsync();
        var first = await client.PutAsync(Record, """{"data":{"a":1}}""");
        Assert.True((await client.PutAsync(Record, """{"data":{"a":1}}""")).Stamp > first.Stamp);
    }

    [Fact]
    public async Task Post_MakesAnId_OrReturnsWhatIsThere()
    {
        using var client = await server.NewUserAsync();
        var made = await client.PostAsync(KintoClient.Records, """{"data":{"title":"x"}}""");
        var given = await client.PostAsync(KintoClient.Records, """{"data":{"id":"mine","title":"x"}}""");
        var again = await client.PostAsync(KintoClient.Records, """{"data":{"id":"mine","title":"other"}}""");

        Assert.Equal((201, 201, 200), (made.Status, given.Status, again.Status));
        Assert.True(Guid.TryParse(made.Data.GetProperty("id").GetString(), out _));
        Assert.Equal("x", again.Data.GetProperty("title").GetString());
        Assert.Equal(given.Stamp, again.Stamp);
    }

    [Fact]
    public async Task Delete_LeavesATombstone_AndAFurtherOneIs404()
    {
        using var client = await server.NewUserAsync();
        await client.PutAsync(Record, """{"data":{"title":"x"}}""");

        var deleted = await client.DeleteAsync(Record);

        Assert.Equal(200, deleted.Status);
        Assert.True(deleted.Data.GetProperty("deleted").GetBoolean());
        Assert.Equal(3, deleted.Data.EnumerateObject().Count());
        Assert.False(deleted.Json.TryGetProperty("permissions", out _));
        (await client.GetAsync(Record)).AssertError(404, KintoErrno.InvalidResourceId);
        var gone = await client.DeleteAsync(Record);
        gone.AssertError(404, KintoErrno.InvalidResourceId);
        Assert.Equal("""{"id":"a","resource_name":"record"}""", gone.Json.GetProperty("details").GetRawText());
        Assert.Equal(201, (await client.PutAsync(Record, """{"data":{}}""")).Status);
    }

    [Fact]
    public async Task Head_IsGetWithoutABody()
    {
        using var client = await server.NewUserAsync();
        await client.PutAsync(Record, """{"data":{"title":"x"}}""");
        var get = await client.GetAsync(Record);
        var head = await client.SendAsync("HEAD", Record);

        Assert.Equal((200, "", get.ETag, get.Headers["Content-Length"]), (head.Status, head.Text, head.ETag, head.Headers["Content-Length"]));
    }

    [Fact]
    public async Task Fields_ShowOnlyWhatIsAskedFor()
    {
        using var client = await server.NewUserAsync();
        await client.PutAsync(Record, """{"data":{"a":1,"b":{"c":2,"d":3},"e":4}}""");

        var answer = await client.GetAsync(Record + "?_fields=a,b.c,none");

        Assert.Equal("""{"c":2}""", answer.Data.GetProperty("b").GetRawText());
        Assert.Equal(["id", "last_modified", "a", "b"], answer.Data.EnumerateObject().Select(property => property.Name));
    }

    [Fact]
    public async Task LastModified_OfTheClient_IsAHintOnly()
    {
        using var client = await server.NewUserAsync();
        var first = await client.PutAsync(Record, """{"data":{}}""");
        var past = await client.PutAsync(Record, """{"data":{"last_modified":1000}}""");
        var future = await client.PutAsync(Record, """{"data":{"last_modified":99999999999999}}""");
        var text = await client.PutAsync(Record, """{"data":{"last_modified":"soon"}}""");
        var near = first.Stamp + 900;
        var granted = await client.PutAsync(Record, $$$"""{"data":{"last_modified":{{{near}}}}}""");

        Assert.True(past.Stamp > first.Stamp);
        Assert.InRange(future.Stamp, past.Stamp + 1, past.Stamp + 60_000);
        Assert.Equal(200, text.Status);
        Assert.Equal(near, granted.Stamp);
    }

    [Theory]
    [InlineData("""{"data":{"id":"b"}}""")]
    [InlineData("""{"data":{"id":5}}""")]
    [InlineData("""{"data":[]}""")]
    [InlineData("""{"data":null}""")]
    [InlineData("""{"data":"x"}""")]
    [InlineData("""[]""")]
    [InlineData("""5""")]
    [InlineData("""{"title":"x"}""")]
    [InlineData("""{"data":{"a":1}""")]
    [InlineData("""{"data":{"a":1,}}""")]
    [InlineData("""{"data":{"a":NaN}}""")]
    [InlineData("""{"data":{"a":1,"a":2}}""")]
    [InlineData("""{"data":{"\ud800":1}}""")]
    [InlineData("""{"\ud800":1}""")]
    [InlineData("nonsense")]
    [InlineData("\0")]
    [InlineData("""{"data":{},"permissions":[]}""")]
    [InlineData("""{"data":{},"permissions":{"fly":[]}}""")]
    [InlineData("""{"data":{},"permissions":{"read":"system.Everyone"}}""")]
    [InlineData("""{"data":{},"permissions":{"read":["system.Everyone"]}}""")]
    public async Task Put_BadBody_Is400AndChangesNothing(string body)
    {
        using var client = await server.NewUserAsync();
        var before = await client.PutAsync(Record, """{"data":{"title":"x"}}""");

        var answer = await client.PutAsync(Record, body);

        answer.AssertError(400, KintoErrno.InvalidParameters);
        Assert.NotEmpty(answer.Json.GetProperty("details").EnumerateArray());
        Assert.Equal(before.Text, (await client.GetAsync(Record)).Text);
    }

    /// <summary>Wherever a body is read: the message says what is wrong with it, and where.</summary>
    [Theory]
    [InlineData("{\"data\":{\"a\":1,\"a\":2}}", "body: Invalid JSON. The name \"a\" is given twice in one object (line 1, byte 16).")]
    [InlineData("{\"data\":\n01}", "body: Invalid JSON. The text is not JSON (line 2, byte 2).")]
    [InlineData("{\"data\":DEEP}", "body: Invalid JSON. More than 100 objects and arrays lie in each other (line 1, byte 108).")]
    public async Task Body_ThatIsNoJson_IsToldWhatIsWrong(string body, string message)
    {
        using var client = await server.NewUserAsync();
        await client.PutAsync(Record, """{"data":{}}""");
        body = body.Replace("DEEP", new string('[', 200) + new string(']', 200), StringComparison.Ordinal);
        foreach (var (method, path, type) in new[]
        {
            ("PUT", Record, "application/json"), ("PATCH", Record, "application/json"), ("PATCH", Record, "application/json-patch+json"),
            ("POST", KintoClient.Records, "application/json"), ("POST", "/buckets", "application/json"),
            ("POST", "/accounts", "application/json"), ("POST", "/batch", "application/json"),
        })
        {
            var refused = await client.SendAsync(method, path, body, ("Content-Type", type));
            refused.AssertError(400, KintoErrno.InvalidParameters);
            Assert.Equal($"{method} {path}: {message}", $"{method} {path}: {refused.Json.GetProperty("message").GetString()}");
        }
    }

    [Fact]
    public async Task Put_BytesThatAreNoUtf8_Is400()
    {
        using var client = await server.NewUserAsync();
        byte[] body = [.. "{\"data\":{\"a\":\""u8, 0xff, 0xfe, .. "\"}}"u8];
        (await client.SendRawAsync("PUT", "/v1" + Record, body)).AssertError(400, KintoErrno.InvalidParameters);
    }

    [Theory]
    [InlineData("\\u0000")]
    [InlineData("\\ud800")]
    [InlineData("\\ud83d\\ude00")]
    public async Task Put_OddEscapes_ComeBackAsTheyWere(string escape)
    {
        using var client = await server.NewUserAsync();
        await client.PutAsync(Record, $$$"""{"data":{"\u0041":"{{{escape}}}"}}""");

        var read = await client.GetAsync(Record);

        Assert.Contains($"\"\\u0041\":\"{escape}\"", read.Text, StringComparison.Ordinal);
        Assert.Equal(200, (await client.SendAsync("PATCH", Record, """{"data":{"b":1}}""")).Status);
        Assert.Equal(200, (await client.GetAsync(Record + "?_fields=b")).Status);
        Assert.Equal(200, (await client.GetAsync(KintoClient.Records + "?_sort=b")).Status);
    }

    /// <summary>kinto.js takes such an object for a tombstone: a device drops it, and a new one never gets it.</summary>
    [Theory]
    [InlineData("true")]
    [InlineData("1")]
    [InlineData("\"yes\"")]
    [InlineData("{}")]
    [InlineData("[]")]
    public async Task Write_ThatLooksDeleted_Is400ThatNamesTheField_AndChangesNothing(string value)
    {
        using var client = await server.NewUserAsync();
        var before = await client.PutAsync(Record, """{"data":{"title":"x"}}""");
        foreach (var (method, path, id) in new[]
        {
            ("PUT", Record, "a"), ("PUT", KintoClient.Records + "/b", "b"), ("PUT", "/buckets/default/collections/b", "b"), ("PUT", "/buckets/b", "b"),
            ("POST", KintoClient.Records, "b"), ("POST", "/buckets/default/collections", "b"), ("POST", "/buckets", "b"),
        })
        {
            var answer = await client.SendAsync(method, path, $$$"""{"data":{"id":"{{{id}}}","d\u0065leted":{{{value}}}}}""");

            answer.AssertError(400, KintoErrno.InvalidParameters);
            var detail = answer.Json.GetProperty("details")[0];
            Assert.Equal(("body", "data.deleted"), (detail.GetProperty("location").GetString(), detail.GetProperty("name").GetString()));
            Assert.StartsWith("data.deleted in body: ", answer.Json.GetProperty("message").GetString(), StringComparison.Ordinal);
        }

        Assert.Equal(before.Text, (await client.GetAsync(Record)).Text);
        Assert.Equal(["a"], (await client.GetAsync(KintoClient.Records + "?_since=0")).Ids);
        Assert.Equal(["tasks"], (await client.GetAsync("/buckets/default/collections?_since=0")).Ids);
        (await client.GetAsync("/buckets/b")).AssertError(403, KintoErrno.Forbidden);
    }

    [Theory]
    [InlineData("false")]
    [InlineData("null")]
    [InlineData("0")]
    [InlineData("\"\"")]
    public async Task Write_WithDeletedAsNothingThatCounts_IsStored(string value)
    {
        using var client = await server.NewUserAsync();
        Assert.Equal(201, (await client.PutAsync(Record, $$$"""{"data":{"deleted":{{{value}}},"in":{"deleted":true} } }""")).Status);
        Assert.Equal(200, (await client.SendAsync("PATCH", Record, """{"data":{"title":"x"}}""")).Status);
        Assert.Equal(value, (await client.GetAsync(Record)).Data.GetProperty("deleted").GetRawText());
    }

    /// <summary>0.1.0 took it.</summary>
    [Theory]
    [InlineData("application/json", """{"data":{"deleted":null}}""")]
    [InlineData("application/merge-patch+json", """{"data":{"deleted":null}}""")]
    [InlineData("application/json-patch+json", """[{"op":"remove","path":"/data/deleted"}]""")]
    public async Task Record_ThatLooksDeletedAlready_CanBeMended(string type, string patch)
    {
        using var client = await server.NewUserAsync();
        Assert.Equal(201, (await client.PutAsync(Record, """{"data":{}}""")).Status);
        var user = (await client.GetAsync("/")).Json.GetProperty("user");
        var caller = new Caller(new(user.GetProperty("id").GetString()!), BucketAccess.Own);
        var bucket = server.Services.GetRequiredService<IBuckets>().Get(BucketId.DefaultBucket(user.GetProperty("bucket").GetString()!));
        await bucket.ExecuteAsync(
            new BucketRequest(caller, [new PutRecord(ObjectRef.Record("tasks", "a"), """{"deleted":true,"title":"x"}"""u8.ToArray())]), CancellationToken.None);
        Assert.True((await client.GetAsync(Record)).Data.GetProperty("deleted").GetBoolean());

        (await client.SendAsync("PATCH", Record, """{"data":{"title":"y"}}""")).AssertError(400, KintoErrno.InvalidParameters);
        Assert.Equal(200, (await client.SendAsync("PATCH", Record, patch, ("Content-Type", type))).Status);
        Assert.Equal(200, (await client.SendAsync("PATCH", Record, """{"data":{"title":"y"}}""")).Status);
        var data = (await client.GetAsync(Record)).Data;
        Assert.Equal("y", data.GetProperty("title").GetString());
        Assert.True(!data.TryGetProperty("deleted", out var deleted) || deleted.ValueKind == JsonValueKind.Null);
    }

    [Theory]
    [InlineData("_a")]
    [InlineData("-a")]
    [InlineData("a.b")]
    [InlineData("a%20b")]
    [InlineData("%C3%BC")]
    [InlineData("%FF")]
    [InlineData("a%2Fb")]
    public async Task Id_ThatIsNone_Is400(string id)
    {
        using var client = await server.NewUserAsync();
        (await client.PutAsync($"{KintoClient.Records}/{id}", """{"data":{}}""")).AssertError(400, KintoErrno.InvalidParameters);
        (await client.PutAsync($"/buckets/default/collections/{id}/records/a", """{"data":{}}""")).AssertError(400, KintoErrno.InvalidParameters);
        (await client.PutAsync($"/buckets/{id}", """{"data":{}}""")).AssertError(400, KintoErrno.InvalidParameters);
    }

    [Fact]
    public async Task Id_TooLong_Is400AndTheLongestIsFine()
    {
        using var client = await server.NewUserAsync();
        Assert.Equal(201, (await client.PutAsync($"{KintoClient.Records}/{new string('a', 255)}", """{"data":{}}""")).Status);
        (await client.PutAsync($"{KintoClient.Records}/{new string('a', 256)}", """{"data":{}}""")).AssertError(400, KintoErrno.InvalidParameters);
        (await client.PostAsync(KintoClient.Records, $$$"""{"data":{"id":"{{{new string('a', 256)}}}"}}""")).AssertError(400, KintoErrno.InvalidParameters);
    }

    [Theory]
    [InlineData("text/plain", 415)]
    [InlineData("application/merge-patch+json", 415)]
    [InlineData("application/json; charset=utf-8", 201)]
    public async Task Put_ContentType_MustBeJson(string type, int status)
    {
        using var client = await server.NewUserAsync();
        Assert.Equal(status, (await client.PutAsync(Record, """{"data":{}}""", ("Content-Type", type))).Status);
    }

    [Theory]
    [InlineData("PUT", "/buckets/default", "text/plain")]
    [InlineData("PUT", "/buckets/default/collections/typed", "text/plain; charset=utf-8")]
    [InlineData("PUT", "/buckets/default/groups/typed", "application/x-www-form-urlencoded")]
    [InlineData("PUT", Record, "application/merge-patch+json")]
    [InlineData("PATCH", Record, "text/plain")]
    [InlineData("POST", KintoClient.Records, "multipart/form-data")]
    [InlineData("POST", "/buckets/default/collections", "text/plain")]
    [InlineData("PUT", "/accounts/nobody-typed-this", "text/plain")]
    [InlineData("POST", "/batch", "text/plain")]
    public async Task Write_WithoutABody_ButWithAnotherMediaType_Is415_AndMakesNothing(string method, string path, string type)
    {
        using var client = await server.NewUserAsync();

        (await client.SendAsync(method, path, "", ("Content-Type", type))).AssertError(415, KintoErrno.InvalidParameters);

        Assert.Empty((await client.GetAsync("/buckets")).Ids);
        Assert.Empty((await client.GetAsync("/buckets/default/collections")).Ids);
    }

    [Fact]
    public async Task Write_WithoutABody_AsPartOfABatch_IsJudgedByItsOwnMediaType()
    {
        using var client = await server.NewUserAsync();
        var answer = await client.PostAsync("/batch", $$$"""
            {"requests":[
                {"method":"PUT","path":"{{{Record}}}","headers":{"Content-Type":"text/plain"}},
                {"method":"PUT","path":"{{{Record}}}"}]}
            """);

        Assert.Equal([415, 201], answer.Json.GetProperty("responses").EnumerateArray().Select(part => part.GetProperty("status").GetInt32()));
    }

    [Fact]
    public async Task Accept_NotJson_Is406_AndSaysWhatThereIs()
    {
        using var client = await server.NewUserAsync();

        var refused = await client.GetAsync(Record, ("Accept", "text/html"));

        refused.AssertError(406, KintoErrno.InvalidParameters);
        Assert.Equal("Accept header should be one of ['application/json']", refused.Json.GetProperty("details")[0].GetProperty("description").GetString());
    }

    [Fact]
    public async Task Delete_LastModified_IsAHintAndMustBeANumber()
    {
        using var client = await server.NewUserAsync();
        await client.PutAsync(Record, """{"data":{}}""");
        (await client.DeleteAsync(Record + "?last_modified=abc")).AssertError(400, KintoErrno.InvalidParameters);
        Assert.Equal(200, (await client.DeleteAsync(Record + "?last_modified=%225%22")).Status);
    }
}
