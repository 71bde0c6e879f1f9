using System.Diagnostics;
using System.Text.Json;
using Lockstep.Gateway.Kinto;
using Lockstep.Gateway.Kinto.Schemas;

namespace Lockstep.Gateway.Protocol;

/// <summary>Data that is validated by the schemas of its collection and bucket.</summary>
public sealed class SchemaTests(SchemaTests.ValidatingServer server) : IClassFixture<SchemaTests.ValidatingServer>
{
    private const string Tasks = "/buckets/default/collections/tasks";
    private const string Milk = Tasks + "/records/milk";
    private const string Schema = """{"type":"object","properties":{"title":{"type":"string","pattern":"^[a-z ]+$"},"n":{"type":"integer"}},"required":["title"]}""";

    [Fact]
    public async Task Capability_IsToldWhereDataIsValidated()
    {
        using var client = server.Anonymous();
        Assert.True((await client.GetAsync("/")).Json.GetProperty("capabilities").TryGetProperty("schema", out _));
    }

    [Fact]
    public async Task Record_ThatIsValid_HasTheStampOfTheCollection_InAnswersAndWhenItIsRead()
    {
        using var client = await server.NewUserAsync();
        var collection = await PutSchemaAsync(client, Schema);

        var put = await client.PutAsync(Milk, """{"data":{"title":"buy milk","schema":1}}""");
        var posted = await client.PostAsync(Tasks + "/records", """{"data":{"title":"bread"}}""");
        var patched = await client.SendAsync("PATCH", Milk, """{"data":{"n":2}}""");

        Assert.Equal((201, 201, 200), (put.Status, posted.Status, patched.Status));
        Assert.All([put, posted, patched, await client.GetAsync(Milk)], answer => Assert.Equal(collection.Stamp, answer.Data.GetProperty("schema").GetInt64()));
        Assert.All((await client.GetAsync(Tasks + "/records")).Data.EnumerateArray(), record => Assert.Equal(collection.Stamp, record.GetProperty("schema").GetInt64()));

        var next = await PutSchemaAsync(client, """{"type":"object"}""");
        Assert.Equal(collection.Stamp, (await client.GetAsync(Milk)).Data.GetProperty("schema").GetInt64());
        Assert.Equal(next.Stamp, (await client.PutAsync(Milk, """{"data":{}}""")).Data.GetProperty("schema").GetInt64());
    }

    [Theory]
    [InlineData("PUT", "application/json", """{"data":{"title":7}}""", "title", "7 is not of type 'string'")]
    [InlineData("PUT", "application/json", """{"data":{"n":7}}""", "title", "'title' is a required property")]
    [InlineData("PATCH", "application/json", """{"data":{"title":"7"}}""", "title", "'7' does not match '^[a-z ]+$'")]
    [InlineData("PATCH", "application/merge-patch+json", """{"data":{"title":null}}""", "title", "'title' is a required property")]
    [InlineData("PATCH", "application/json-patch+json", """[{"op":"add","path":"/data/n","value":"x"}]""", "n", "'x' is not of type 'integer'")]
    public async Task Record_ThatIsNotValid_Is400InKintosShape_AndNothingIsWritten(string method, string type, string body, string field, string reason)
    {
        using var client = await server.NewUserAsync();
        await PutSchemaAsync(client, Schema);
        var before = await client.PutAsync(Milk, """{"data":{"title":"milk"}}""");

        var answer = await client.SendAsync(method, Milk, body, ("Content-Type", type));

        answer.AssertError(400, KintoErrno.InvalidParameters);
        var detail = Assert.Single(answer.Json.GetProperty("details").EnumerateArray().ToList());
        Assert.Equal(("body", field, reason), (detail.GetProperty("location").GetString(), detail.GetProperty("name").GetString(), detail.GetProperty("description").GetString()));
        Assert.Equal(before.Text, (await client.GetAsync(Milk)).Text);
        Assert.Equal(before.ETag, (await client.GetAsync(Tasks + "/records")).ETag);
    }

    [Fact]
    public async Task Post_OfWhatIsNotValid_Is400_AndOfWhatIsThereIsNotJudged()
    {
        using var client = await server.NewUserAsync();
        await PutSchemaAsync(client, Schema);
        await client.PutAsync(Milk, """{"data":{"title":"milk"}}""");

        (await client.PostAsync(Tasks + "/records", """{"data":{"n":1}}""")).AssertError(400, KintoErrno.InvalidParameters);
        Assert.Equal(200, (await client.PostAsync(Tasks + "/records", """{"data":{"id":"milk","n":1}}""")).Status);
        Assert.Equal(["milk"], (await client.GetAsync(Tasks + "/records")).Ids);
    }

    /// <summary>What counts is what is in force when the part's turn comes.</summary>
    [Fact]
    public async Task Batch_ThatSetsTheSchemaItself_IsJudgedByItFromThenOn_AndByNoneOnceItIsGone()
    {
        using var client = await server.NewUserAsync();
        var batch = await client.PostAsync("/batch", $$$$$"""
            {"defaults":{"method":"PUT"},"requests":[
              {"path":"{{{{{Tasks}}}}}/records/a","body":{"data":{"title":1}}},
              {"path":"{{{{{Tasks}}}}}","body":{"data":{"schema":{{{{{Schema}}}}}}}},
              {"path":"{{{{{Tasks}}}}}/records/b","body":{"data":{"title":1}}},
              {"path":"{{{{{Tasks}}}}}/records/c","body":{"data":{"title":"x"}}},
              {"method":"PATCH","path":"{{{{{Tasks}}}}}/records/a","body":{"data":{"n":1}}},
              {"path":"{{{{{Tasks}}}}}","body":{"data":{}}},
              {"path":"{{{{{Tasks}}}}}/records/d","body":{"data":{"title":1}}}]}
            """);

        var parts = batch.Json.GetProperty("responses").EnumerateArray().ToList();
        Assert.Equal([201, 200, 400, 201, 400, 200, 201], parts.Select(static part => part.GetProperty("status").GetInt32()));
        Assert.Equal(
            parts[1].GetProperty("body").GetProperty("data").GetProperty("last_modified").GetInt64(),
            parts[3].GetProperty("body").GetProperty("data").GetProperty("schema").GetInt64());
        Assert.False(parts[6].GetProperty("body").GetProperty("data").TryGetProperty("schema", out _));
        Assert.Equal(["a", "c", "d"], (await client.GetAsync(Tasks + "/records")).Ids.Order());
    }

    [Fact]
    public async Task Records_WrittenWhileTheSchemaChanges_AreValidByTheOneThatTheyName()
    {
        using var client = await server.NewUserAsync();
        var least = new Dictionary<long, int>();
        await PutLeastAsync(0);
        var writing = Task.WhenAll(Enumerable.Range(0, 4).Select(WriteAsync));
        for (var i = 1; i <= 12; i++)
        {
            await PutLeastAsync(i % 3 * 10);
        }

        var written = (await writing).SelectMany(static answers => answers).ToList();

        Assert.NotEmpty(written);
        Assert.All(written, record => Assert.True(record.N >= least[record.Schema], $"{record.N} by the schema of {record.Schema}, which asks for {least[record.Schema]}"));

        async Task PutLeastAsync(int value)
        {
            var answer = await PutSchemaAsync(client, $$$$$"""{"properties":{"n":{"minimum":{{{{{value}}}}}}}}""");
            least[answer.Stamp] = value;
        }

        async Task<List<(int N, long Schema)>> WriteAsync(int writer)
        {
            var answers = new List<(int, long)>();
            for (var i = 0; i < 25; i++)
            {
                var n = ((writer * 7) + (i * 3)) % 30;
                var answer = await client.PutAsync($"{Tasks}/records/w{writer}", $$$"""{"data":{"n":{{{n}}}}}""");
                Assert.Contains(answer.Status, new[] { 200, 201, 400 });
                if (answer.Status < 400)
                {
                    answers.Add((n, answer.Data.GetProperty("schema").GetInt64()));
                }
            }

            return answers;
        }
    }

    [Fact]
    public async Task Bucket_SaysWhatItsRecordsGroupsAndCollectionsAre()
    {
        using var client = await server.NewUserAsync();
        var bucket = $"/buckets/b{Guid.NewGuid():N}";
        Assert.Equal(201, (await client.PutAsync(bucket, """
            {"data":{"record:schema":{"required":["r"]},"group:schema":{"required":["g"],"properties":{"members":{"maxItems":1}}},"collection:schema":{"required":["c"],"properties":{"id":{"pattern":"^x"}}}}}
            """)).Status);

        Error(await client.PutAsync(bucket + "/collections/x1", """{"data":{}}"""), "c");
        Error(await client.PutAsync(bucket + "/collections/y1", """{"data":{"c":1}}"""), "id");
        Assert.Equal(201, (await client.PutAsync(bucket + "/collections/x1", """{"data":{"c":1}}""")).Status);
        Error(await client.PutAsync(bucket + "/groups/g", """{"data":{"members":[]}}"""), "g");
        Error(await client.PutAsync(bucket + "/groups/g", """{"data":{"g":1,"members":["account:a","account:b"]}}"""), "members");
        Assert.Equal(201, (await client.PutAsync(bucket + "/groups/g", """{"data":{"g":1}}""")).Status);
        Error(await client.PutAsync(bucket + "/collections/x1/records/a", """{"data":{}}"""), "r");
        var record = await client.PutAsync(bucket + "/collections/x1/records/a", """{"data":{"r":1}}""");
        Assert.Equal(201, record.Status);
        Assert.False(record.Data.TryGetProperty("schema", out _));

        // The collection's own comes first, and both count.
        await client.PutAsync(bucket + "/collections/x1", """{"data":{"c":1,"schema":{"required":["s"]}}}""");
        Error(await client.PutAsync(bucket + "/collections/x1/records/a", """{"data":{}}"""), "s");
        Error(await client.PutAsync(bucket + "/collections/x1/records/a", """{"data":{"s":1}}"""), "r");
        Assert.Equal(200, (await client.PutAsync(bucket + "/collections/x1/records/a", """{"data":{"s":1,"r":1}}""")).Status);

        static void Error(KintoAnswer answer, string field)
        {
            answer.AssertError(400, KintoErrno.InvalidParameters);
            Assert.Equal(field, answer.Json.GetProperty("details")[0].GetProperty("name").GetString());
        }
    }

    [Fact]
    public async Task Collection_ThatWouldComeIntoBeingWithARecord_IsJudgedToo()
    {
        using var client = await server.NewUserAsync();
        Assert.Equal(201, (await client.PutAsync("/buckets/default", """{"data":{"collection:schema":{"required":["c"]}}}""")).Status);

        (await client.PutAsync(Milk, """{"data":{}}""")).AssertError(400, KintoErrno.InvalidParameters);
        Assert.Equal(201, (await client.PutAsync(Tasks, """{"data":{"c":1}}""")).Status);
        Assert.Equal(201, (await client.PutAsync(Milk, """{"data":{}}""")).Status);
    }

    [Theory]
    [InlineData("PUT", "application/json", """{"data":{"schema":{"type":"strng"}}}""")]
    [InlineData("PUT", "application/json", """{"data":{"schema":[]}}""")]
    [InlineData("PUT", "application/json", """{"data":{"schema":{"$ref":"https://example.org/schema.json"}}}""")]
    [InlineData("PATCH", "application/json", """{"data":{"schema":{"pattern":"(?=x)"}}}""")]
    [InlineData("PATCH", "application/json-patch+json", """[{"op":"move","from":"/data/draft","path":"/data/schema"}]""")]
    public async Task Schema_ThatIsNone_Is400_AndChangesNothing(string method, string type, string body)
    {
        using var client = await server.NewUserAsync();
        var before = await client.PutAsync(Tasks, """{"data":{"draft":{"minLength":"x"}}}""");

        var answer = await client.SendAsync(method, Tasks, body, ("Content-Type", type));

        answer.AssertError(400, KintoErrno.InvalidParameters);
        Assert.Equal("data.schema", answer.Json.GetProperty("details")[0].GetProperty("name").GetString());
        Assert.Equal(before.Text, (await client.GetAsync(Tasks)).Text);
    }

    /// <summary>A neighbour is served meanwhile, and the server is none the worse.</summary>
    [Fact]
    public async Task Schemas_MadeToExplode_AreAnswered400_AndHoldUpNobodyElse()
    {
        using var hostile = await server.NewUserAsync();
        using var neighbour = await server.NewUserAsync();
        await neighbour.PutAsync(Milk, """{"data":{}}""");
        await PutSchemaAsync(hostile, """{"allOf":[{"$ref":"#"},{"$ref":"#"}]}""");
        await hostile.PutAsync(Tasks + "2", """{"data":{"schema":{"properties":{"a":{"pattern":"^(a|a|a|a|b?|c*)*$"}}}}}""");
        var long1 = $$$"""{"data":{"a":"{{{new string('a', 500_000)}}}!"}}""";

        var attacks = Task.WhenAll(Enumerable.Range(0, 12).Select(i => i % 2 == 0 ? hostile.PutAsync(Milk, """{"data":{}}""") : hostile.PutAsync(Tasks + "2/records/r", long1)));
        var slowest = 0L;
        while (!attacks.IsCompleted)
        {
            var watch = Stopwatch.StartNew();
            Assert.Equal(200, (await neighbour.PutAsync(Milk, """{"data":{"a":1}}""")).Status);
            slowest = Math.Max(slowest, watch.ElapsedMilliseconds);
        }

        Assert.All(await attacks, answer => Assert.True(answer.Status is 400 or 503, answer.Text));
        Assert.InRange(slowest, 0, 10_000);
    }

    [Fact]
    public async Task Schemas_WhereNothingIsValidated_AreOrdinaryMembers()
    {
        await using var plain = await Plain.StartAsync();
        using var client = await plain.Server.NewUserAsync();

        await client.PutAsync(Tasks, """{"data":{"schema":{"type":"strng"}}}""");
        var record = await client.PutAsync(Milk, """{"data":{"schema":"mine"}}""");

        Assert.Equal((201, "mine"), (record.Status, record.Data.GetProperty("schema").GetString()));
        Assert.False((await client.GetAsync("/")).Json.GetProperty("capabilities").TryGetProperty("schema", out _));
    }

    private static async Task<KintoAnswer> PutSchemaAsync(KintoClient client, string schema)
    {
        var answer = await client.PutAsync(Tasks, $$$$$"""{"data":{"schema":{{{{{schema}}}}}}}""");
        Assert.True(answer.Status is 200 or 201, answer.Text);
        return answer;
    }

    public sealed class ValidatingServer() : KintoServer(options => options with { Kinto = options.Kinto with { Schemas = new SchemaOptions { Enabled = true } } });

    private sealed class Plain(KintoServer server) : IAsyncDisposable
    {
        public KintoServer Server => server;

        public static async Task<Plain> StartAsync() => new(await KintoServer.StartAsync());

        public async ValueTask DisposeAsync() => await server.DisposeAsync();
    }
}
