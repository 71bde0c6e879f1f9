using System.Text.Json;
using Lockstep.Gateway.Kinto;

namespace Lockstep.Gateway.Protocol;

[Collection(SharedServer.Name)]
public sealed class PreconditionTests(KintoServer server)
{
    private const string Record = KintoClient.Records + "/a";
    private const string Current = "current";

    /// <summary>Header values; the first stands for the stamp of what is there.</summary>
    private static readonly string[] Conditions = [Current, "\"5\"", "*"];

    [Fact]
    public async Task IfMatch_OnAnObject_IsEqualityWithItsStamp()
    {
        using var client = await server.NewUserAsync();
        var first = await client.PutAsync(Record, """{"data":{"n":1}}""");
        var second = await client.PutAsync(Record, """{"data":{"n":2}}""", ("If-Match", first.ETag));
        Assert.Equal(200, second.Status);

        foreach (var (method, body) in new[] { ("PUT", """{"data":{"n":3}}"""), ("PATCH", """{"data":{"n":3}}"""), ("DELETE", null), ("GET", null) })
        {
            var failed = await client.SendAsync(method, Record, body, ("If-Match", first.ETag));
            failed.AssertError(412, KintoErrno.ModifiedMeanwhile);
            Assert.Equal(second.ETag, failed.ETag);
            Assert.Equal(second.Data.GetRawText(), failed.Json.GetProperty("details").GetProperty("existing").GetRawText());
        }

        Assert.Equal(200, (await client.DeleteAsync(Record, ("If-Match", second.ETag))).Status);
    }

    [Fact]
    public async Task IfMatch_OnAMissingObject_FailsAPut_AndIs404Elsewhere()
    {
        using var client = await server.NewUserAsync();
        foreach (var value in new[] { "*", "\"0\"", "\"5\"" })
        {
            var failed = await client.PutAsync(Record, """{"data":{}}""", ("If-Match", value));
            failed.AssertError(412, KintoErrno.ModifiedMeanwhile);
            Assert.False(failed.Json.TryGetProperty("details", out _));
        }

        (await client.DeleteAsync(Record, ("If-Match", "\"5\""))).AssertError(404, KintoErrno.InvalidResourceId);
        (await client.SendAsync("PATCH", Record, """{"data":{}}""", ("If-Match", "\"5\""))).AssertError(404, KintoErrno.InvalidResourceId);
        (await client.GetAsync(Record, ("If-Match", "\"5\""))).AssertError(404, KintoErrno.InvalidResourceId);
        Assert.Empty((await client.GetAsync(KintoClient.Records)).Ids);
        await client.PutAsync(Record, """{"data":{}}""");
        Assert.Equal(200, (await client.PutAsync(Record, """{"data":{}}""", ("If-Match", "*"))).Status);
    }

    [Fact]
    public async Task IfNoneMatchStar_CreatesOnly()
    {
        using var client = await server.NewUserAsync();
        Assert.Equal(201, (await client.PutAsync(Record, """{"data":{"n":1}}""", ("If-None-Match", "*"))).Status);
        (await client.PutAsync(Record, """{"data":{"n":2}}""", ("If-None-Match", "*"))).AssertError(412, KintoErrno.ModifiedMeanwhile);
        (await client.PostAsync(KintoClient.Records, """{"data":{"id":"a"}}""", ("If-None-Match", "*"))).AssertError(412, KintoErrno.ModifiedMeanwhile);
        await client.DeleteAsync(Record);
        Assert.Equal(201, (await client.PutAsync(Record, """{"data":{}}""", ("If-None-Match", "*"))).Status);
    }

    [Fact]
    public async Task IfNoneMatch_WithAStampOnAWrite_FailsWhenEqual()
    {
        using var client = await server.NewUserAsync();
        var written = await client.PutAsync(Record, """{"data":{}}""");
        (await client.PutAsync(Record, """{"data":{}}""", ("If-None-Match", written.ETag))).AssertError(412, KintoErrno.ModifiedMeanwhile);
        Assert.Equal(200, (await client.PutAsync(Record, """{"data":{}}""", ("If-None-Match", "\"5\""))).Status);
    }

    [Fact]
    public async Task IfNoneMatch_OnReads_Is304WhenEqual()
    {
        using var client = await server.NewUserAsync();
        await client.PutAsync(Record, """{"data":{}}""");
        foreach (var path in new[] { Record, KintoClient.Records, "/buckets/default", "/buckets/default/collections", "/buckets" })
        {
            var etag = (await client.GetAsync(path)).ETag;
            foreach (var method in new[] { "GET", "HEAD" })
            {
                var same = await client.SendAsync(method, path, null, ("If-None-Match", etag));
                Assert.Equal((304, "", etag), (same.Status, same.Text, same.ETag));
                Assert.Equal(304, (await client.SendAsync(method, path, null, ("If-None-Match", "W/" + etag))).Status);
                Assert.Equal(304, (await client.SendAsync(method, path, null, ("If-None-Match", "*"))).Status);
                Assert.Equal(200, (await client.SendAsync(method, path, null, ("If-None-Match", "\"5\""))).Status);
            }
        }
    }

    [Fact]
    public async Task IfNoneMatch_OnDelete_Is412WhenEqual()
    {
        using var client = await server.NewUserAsync();
        await client.PutAsync(Record, """{"data":{}}""");
        foreach (var path in new[] { Record, KintoClient.Records, "/buckets/default", "/buckets/default/collections", "/buckets" })
        {
            (await client.DeleteAsync(path, ("If-None-Match", (await client.GetAsync(path)).ETag))).AssertError(412, KintoErrno.ModifiedMeanwhile);
            (await client.DeleteAsync(path, ("If-None-Match", "*"))).AssertError(412, KintoErrno.ModifiedMeanwhile);
        }

        Assert.Equal(200, (await client.GetAsync(Record)).Status);
    }

    [Fact]
    public async Task Lists_IfMatch_IsEqualityWithTheListsStamp()
    {
        using var client = await server.NewUserAsync();
        await client.PutAsync(Record, """{"data":{}}""");
        var list = await client.GetAsync(KintoClient.Records);
        await client.PutAsync(KintoClient.Records + "/b", """{"data":{}}""");

        (await client.GetAsync(KintoClient.Records, ("If-Match", list.ETag))).AssertError(412, KintoErrno.ModifiedMeanwhile);
        (await client.DeleteAsync(KintoClient.Records, ("If-Match", list.ETag))).AssertError(412, KintoErrno.ModifiedMeanwhile);
        var now = await client.GetAsync(KintoClient.Records);
        Assert.Equal(2, (await client.DeleteAsync(KintoClient.Records, ("If-Match", now.ETag))).Ids.Count());
    }

    /// <summary>RFC 9110, 13.2.2: <c>If-Match</c> first, then <c>If-None-Match</c>.</summary>
    [Fact]
    public async Task BothHeaders_OnAnObject_AreJudgedInOrder()
    {
        using var client = await server.NewUserAsync();
        foreach (var (match, noneMatch) in Conditions.SelectMany(_ => Conditions, (match, noneMatch) => (match, noneMatch)))
        {
            foreach (var method in new[] { "GET", "HEAD", "PUT", "POST", "PATCH", "DELETE" })
            {
                var etag = (await client.PutAsync(Record, """{"data":{}}""")).ETag;
                var passed = method is "GET" or "HEAD" ? 304 : 412;
                var expected = !Names(match, etag) ? 412 : Names(noneMatch, etag) ? passed : 200;

                var answer = await SendAsync(client, method, Record, Headers(match, noneMatch, etag));

                Assert.Equal($"{method} {match} {noneMatch}: {expected}", $"{method} {match} {noneMatch}: {answer.Status}");
                var now = await client.GetAsync(Record);
                Assert.Equal(expected == 200 && method is "DELETE" ? 404 : 200, now.Status);
                Assert.Equal(expected != 200 || method is "GET" or "HEAD" or "POST", now.Status == 200 && now.ETag == etag);
                if (expected != 200)
                {
                    Assert.Equal(etag, answer.ETag);
                }
            }
        }
    }

    [Fact]
    public async Task BothHeaders_OnAMissingObject_FailAWrite_AndAre404Elsewhere()
    {
        using var client = await server.NewUserAsync();
        await client.PutAsync(KintoClient.Records + "/other", """{"data":{}}""");
        foreach (var (match, noneMatch) in Conditions.SelectMany(_ => Conditions, (match, noneMatch) => (match, noneMatch)))
        {
            foreach (var method in new[] { "GET", "HEAD", "PUT", "POST", "PATCH", "DELETE" })
            {
                var answer = await SendAsync(client, method, Record, Headers(match, noneMatch, "\"1\""));
                Assert.Equal((method, method is "PUT" or "POST" ? 412 : 404), (method, answer.Status));
            }
        }

        Assert.Equal(["other"], (await client.GetAsync(KintoClient.Records)).Ids);
    }

    [Fact]
    public async Task BothHeaders_OnAList_AreJudgedInOrder()
    {
        using var client = await server.NewUserAsync();
        foreach (var (match, noneMatch) in Conditions.SelectMany(_ => Conditions, (match, noneMatch) => (match, noneMatch)))
        {
            foreach (var list in new[] { KintoClient.Records, "/buckets/default/collections", "/buckets" })
            {
                foreach (var query in new[] { "", "?_since=0", "?_since=99999999999999", "?_limit=1" })
                {
                    foreach (var method in new[] { "GET", "HEAD", "DELETE" })
                    {
                        await client.PutAsync(Record, """{"data":{}}""");
                        var etag = (await client.GetAsync(list)).ETag;
                        var passed = method is "GET" or "HEAD" ? 304 : 412;
                        var expected = !Names(match, etag) ? 412 : Names(noneMatch, etag) ? passed : 200;

                        var answer = await client.SendAsync(method, list + query, body: null, Headers(match, noneMatch, etag));

                        var said = $"{method} {list}{query} {match} {noneMatch}";
                        Assert.Equal($"{said}: {expected}", $"{said}: {answer.Status}");
                        if (expected != 200)
                        {
                            Assert.Equal(etag, (await client.GetAsync(list)).ETag);
                        }
                    }
                }
            }
        }
    }

    [Fact]
    public async Task BothHeaders_FromDifferentPlacesOfABatch_AreJudgedTogether()
    {
        using var client = await server.NewUserAsync();
        var etag = (await client.PutAsync(Record, """{"data":{"n":1}}""")).Stamp;
        var answer = await client.PostAsync(
            "/batch",
            $$$$"""
            {"defaults":{"headers":{"If-None-Match":"*"}},
             "requests":[
              {"method":"PUT","path":"{{{{Record}}}}","headers":{"If-Match":"\"{{{{etag}}}}\""},"body":{"data":{"n":2}}},
              {"method":"PUT","path":"{{{{Record}}}}","headers":{"if-match":"\"1\"","if-none-match":"\"5\""},"body":{"data":{"n":3}}},
              {"method":"PUT","path":"{{{{KintoClient.Records}}}}/new","headers":{"If-Match":"\"1\""},"body":{"data":{"n":4}}},
              {"method":"GET","path":"{{{{Record}}}}","headers":{"If-Match":"\"{{{{etag}}}}\"","If-None-Match":"\"{{{{etag}}}}\""}},
              {"method":"GET","path":"{{{{Record}}}}","headers":{"If-None-Match":"\"5\""}},
              {"method":"PUT","path":"{{{{Record}}}}","headers":{"If-None-Match":"\"5\""},"body":{"data":{"n":5}}},
              {"method":"GET","path":"{{{{Record}}}}","headers":{"If-None-Match":"\"5\""}}
             ]}
            """,
            ("If-Match", $"\"{etag}\""));

        var parts = answer.Json.GetProperty("responses").EnumerateArray().ToList();
        Assert.Equal([412, 412, 412, 304, 200, 200, 412], parts.Select(part => part.GetProperty("status").GetInt32()));
        Assert.Equal(["a"], (await client.GetAsync(KintoClient.Records)).Ids);
        Assert.Equal(5, (await client.GetAsync(Record)).Data.GetProperty("n").GetInt32());
    }

    [Fact]
    public async Task Header_GivenTwice_Is400()
    {
        using var client = await server.NewUserAsync();
        var etag = (await client.PutAsync(Record, """{"data":{}}""")).ETag;
        (await client.PutAsync(Record, """{"data":{}}""", ("If-Match", "\"5\""), ("If-Match", etag))).AssertError(400, KintoErrno.InvalidParameters);
        (await client.PutAsync(Record, """{"data":{}}""", ("If-None-Match", etag), ("If-None-Match", "\"5\""))).AssertError(400, KintoErrno.InvalidParameters);
        var written = JsonSerializer.Serialize(etag);
        foreach (var headers in new[] { $$"""{"If-Match":"\"5\"","if-match":{{written}}}""", $$"""{"If-None-Match":"*","IF-NONE-MATCH":"\"5\""}""" })
        {
            var part = $$$$"""{"method":"PUT","path":"{{{{Record}}}}","headers":{{{{headers}}}},"body":{"data":{} } }""";
            (await client.PostAsync("/batch", $$"""{"requests":[{{part}}]}""")).AssertError(400, KintoErrno.InvalidParameters);
            (await client.PostAsync("/batch", $$"""{"requests":[{"path":"{{Record}}"}],"defaults":{{part}} }""")).AssertError(400, KintoErrno.InvalidParameters);
        }

        Assert.Equal(etag, (await client.GetAsync(Record)).ETag);
    }

    [Theory]
    [InlineData("If-Match", "123")]
    [InlineData("If-Match", "abc")]
    [InlineData("If-Match", "\"abc\"")]
    [InlineData("If-Match", "\"-5\"")]
    [InlineData("If-None-Match", "123")]
    [InlineData("If-None-Match", "\"99999999999999999999\"")]
    public async Task Header_ThatIsNoStamp_Is400(string name, string value)
    {
        using var client = await server.NewUserAsync();
        (await client.PutAsync(Record, """{"data":{}}""", (name, value))).AssertError(400, KintoErrno.InvalidParameters);
        (await client.GetAsync(KintoClient.Records, (name, value))).AssertError(400, KintoErrno.InvalidParameters);
    }

    /// <summary>Whether a header's value names what is there.</summary>
    private static bool Names(string condition, string etag) => condition is Current or "*" || condition == etag;

    private static (string Name, string Value)[] Headers(string match, string noneMatch, string etag) =>
    [
        ("If-None-Match", noneMatch is Current ? etag : noneMatch),
        ("If-Match", match is Current ? etag : match),
    ];

    /// <summary>To the object; a POST goes to its list.</summary>
    private static Task<KintoAnswer> SendAsync(KintoClient client, string method, string path, (string Name, string Value)[] headers) => method switch
    {
        "POST" => client.PostAsync(KintoClient.Records, """{"data":{"id":"a","n":1}}""", headers),
        "PUT" or "PATCH" => client.SendAsync(method, path, """{"data":{"n":1}}""", headers),
        _ => client.SendAsync(method, path, body: null, headers),
    };
}
