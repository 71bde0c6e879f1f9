using System.Text.Json;
using Lockstep.Core.Buckets;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;
using Lockstep.Gateway.Kinto;
using Lockstep.Storage.Contract;

namespace Lockstep.Gateway.Protocol;

/// <summary>Objects that are posted without an id: nobody's data is in the way of theirs.</summary>
[Collection(SharedServer.Name)]
public sealed class GeneratedIdTests(KintoServer server)
{
    private const string Collections = "/buckets/default/collections";

    [Theory]
    [InlineData("/buckets")]
    [InlineData(Collections)]
    public async Task Post_WithoutId_MakesOneOfAHundredBits(string list)
    {
        using var client = await server.NewUserAsync();
        var ids = new List<string>();
        for (var i = 0; i < 20; i++)
        {
            var answer = await client.PostAsync(list, """{"data":{"mine":true}}""");
            Assert.Equal(201, answer.Status);
            ids.Add(answer.Data.GetProperty("id").GetString()!);
        }

        Assert.All(ids, id => Assert.Matches("^[a-z0-9]{20}$", id));
        Assert.Equal(ids.Count, ids.Distinct().Count());

        // Of 36 characters, most are seen among 400; of the 16 of a hexadecimal number no more than that.
        Assert.True(string.Concat(ids).Distinct().Count() > 30);
    }

    [Theory]
    [InlineData(Collections, "{}")]
    [InlineData(Collections, """{"data":{"mine":true}}""")]
    [InlineData(KintoClient.Records, "{}")]
    [InlineData(KintoClient.Records, """{"data":{"mine":true}}""")]
    public async Task Post_WhoseGeneratedIdIsTaken_GetsAnother(string list, string body)
    {
        TakenIds? store = null;
        var crowded = await KintoServer.StartAsync(decorate: inner => store = new TakenIds(inner));
        try
        {
            using var client = await crowded.NewUserAsync();
            await client.PutAsync(KintoClient.Records + "/a", """{"data":{}}""");
            foreach (var header in new[] { ("X-None", "-"), ("If-None-Match", "*"), ("If-None-Match", "\"5\"") })
            {
                store!.Take(rows: 2);
                var answer = await client.PostAsync(list, body, header);

                Assert.True(answer.Status == 201, answer.Text);
                Assert.Equal(2, store.Taken.Count);
                var id = answer.Data.GetProperty("id").GetString()!;
                Assert.DoesNotContain(id, store.Taken);
                Assert.False(answer.Data.TryGetProperty("owner", out _));
                Assert.Equal(answer.Data.GetRawText(), (await client.GetAsync($"{list}/{id}")).Data.GetRawText());
            }

            store!.Take(rows: 1);
            (await client.PostAsync(list, body, ("If-Match", "*"))).AssertError(412, KintoErrno.ModifiedMeanwhile);
            (await client.PostAsync(list, body, ("If-Match", "\"7\""))).AssertError(412, KintoErrno.ModifiedMeanwhile);
        }
        finally
        {
            await crowded.DisposeAsync();
        }
    }

    [Fact]
    public async Task Post_InABatch_WhoseGeneratedIdsAreTaken_GetsOthers_AndWhatFollowsSeesThem()
    {
        TakenIds? store = null;
        var crowded = await KintoServer.StartAsync(decorate: inner => store = new TakenIds(inner));
        try
        {
            using var client = await crowded.NewUserAsync();
            await client.PutAsync(KintoClient.Records + "/a", """{"data":{}}""");
            store!.Take(rows: 2);
            var answer = await client.PostAsync("/batch", $$$$"""
                {"requests":[
                  {"method":"POST","path":"{{{{KintoClient.Records}}}}","body":{"data":{"n":1}}},
                  {"method":"POST","path":"{{{{Collections}}}}","body":{"data":{"n":2}}},
                  {"method":"POST","path":"{{{{KintoClient.Records}}}}","body":{"data":{"id":"a","n":3}}},
                  {"path":"{{{{KintoClient.Records}}}}?_fields=n"},
                  {"path":"{{{{Collections}}}}?_fields=n"}
                ]}
                """);

            Assert.Equal(200, answer.Status);
            var parts = answer.Json.GetProperty("responses").EnumerateArray().ToList();
            Assert.Equal([201, 201, 200, 200, 200], parts.Select(part => part.GetProperty("status").GetInt32()));
            Assert.Equal(2, store.Taken.Count);
            var (record, collection) = (parts[0].GetProperty("body").GetProperty("data"), parts[1].GetProperty("body").GetProperty("data"));
            Assert.Equal(record.GetRawText(), parts[3].GetProperty("body").GetProperty("data")[0].GetRawText());
            Assert.Equal(collection.GetRawText(), parts[4].GetProperty("body").GetProperty("data")[0].GetRawText());
            Assert.All([record, collection], made => Assert.DoesNotContain(made.GetProperty("id").GetString()!, store.Taken));
        }
        finally
        {
            await crowded.DisposeAsync();
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Post_OfABucket_WhoseGeneratedIdIsTaken_GetsAnother(bool isOwn)
    {
        TakenIds? store = null;
        var crowded = await KintoServer.StartAsync(decorate: inner => store = new TakenIds(inner));
        try
        {
            using var client = await crowded.NewUserAsync();
            using var other = await crowded.NewUserAsync();
            await (isOwn ? client : other).PutAsync("/buckets/there", """{"data":{"owner":"somebody"}}""");
            foreach (var header in new[] { ("X-None", "-"), ("If-None-Match", "*") })
            {
                store!.Alias(BucketId.Named("there"));
                var answer = await client.PostAsync("/buckets", """{"data":{"mine":true}}""", header);
                Assert.True(answer.Status == 201, answer.Text);
                await AssertIsNewAsync(answer.Data);

                store.Alias(BucketId.Named("there"));
                var batch = await client.PostAsync("/batch", """{"requests":[{"method":"POST","path":"/buckets","body":{"data":{"mine":true}}}]}""", header);
                var part = batch.Json.GetProperty("responses")[0];
                Assert.Equal(201, part.GetProperty("status").GetInt32());
                await AssertIsNewAsync(part.GetProperty("body").GetProperty("data"));
            }

            store!.Alias(BucketId.Named("there"));
            (await client.PostAsync("/buckets", "{}", ("If-Match", "*"))).AssertError(412, KintoErrno.ModifiedMeanwhile);

            async Task AssertIsNewAsync(JsonElement data)
            {
                var id = data.GetProperty("id").GetString()!;
                Assert.NotNull(store.Aliased);
                Assert.NotEqual(store.Aliased.Value.Name, id);
                Assert.Equal(data.GetRawText(), (await client.GetAsync($"/buckets/{id}")).Data.GetRawText());
            }
        }
        finally
        {
            await crowded.DisposeAsync();
        }
    }

    [Fact]
    public async Task Post_WithoutId_WhereIdsMayNotBeSoLong_Is400_AndMakesNothing()
    {
        var strict = await KintoServer.StartAsync(options => options with { Kinto = options.Kinto with { MaxIdLength = 10 } });
        try
        {
            using var client = await strict.NewUserAsync();
            foreach (var list in new[] { "/buckets", "/buckets/default/collections", KintoClient.Records })
            {
                (await client.PostAsync(list, "{}")).AssertError(400, KintoErrno.InvalidParameters);
            }

            Assert.Empty((await client.GetAsync("/buckets")).Ids);
        }
        finally
        {
            await strict.DisposeAsync();
        }
    }

    [Fact]
    public async Task Post_WithAnIdOfTheClientThatIsThere_AnswersWhatIsThere()
    {
        using var client = await server.NewUserAsync();
        foreach (var list in new[] { "/buckets", Collections, KintoClient.Records })
        {
            var body = $$$"""{"data":{"id":"{{{Guid.NewGuid()}}}","n":1}}""";
            var first = await client.PostAsync(list, body);
            var again = await client.PostAsync(list, body.Replace("\"n\":1", "\"n\":2", StringComparison.Ordinal));
            Assert.Equal((201, 200, first.Data.GetRawText()), (first.Status, again.Status, again.Data.GetRawText()));
        }
    }

    /// <summary>A store in which ids that were never used are somebody's already: first rows, then a bucket.</summary>
    private sealed class TakenIds(IBucketStore inner) : DelegatingBucketStore(inner)
    {
        private BucketId? existing;
        private int rows;

        /// <summary>Ids of the rows that were taken.</summary>
        public HashSet<string> Taken { get; } = new(StringComparer.Ordinal);

        public BucketId? Aliased { get; private set; }

        /// <summary>So many rows that are not there will be found taken.</summary>
        public void Take(int rows)
        {
            this.rows = rows;
            Taken.Clear();
        }

        /// <summary>The next bucket that was never written will be found to be this one.</summary>
        public void Alias(BucketId existing)
        {
            this.existing = existing;
            Aliased = null;
        }

        public override async ValueTask<BucketHeads?> LoadAsync(BucketId id, bool claim, CancellationToken cancellationToken)
        {
            var heads = await base.LoadAsync(id, claim, cancellationToken);
            if (heads is null && existing is not null && Aliased is null && !id.IsDefaultBucket)
            {
                Aliased = id;
            }

            return heads is null && Aliased == id ? await base.LoadAsync(existing!.Value, claim, cancellationToken) : heads;
        }

        public override async ValueTask<IReadOnlyDictionary<RecordKey, StoredRecord>> ReadAsync(
            BucketKey bucket, IReadOnlyCollection<RecordKey> keys, Projection projection, CancellationToken cancellationToken)
        {
            var found = new Dictionary<RecordKey, StoredRecord>(await base.ReadAsync(bucket, keys, projection, cancellationToken));
            foreach (var key in keys.Where(key => rows > 0 && !found.ContainsKey(key)))
            {
                rows--;
                Taken.Add(key.Id);
                found[key] = new StoredRecord { Id = key.Id, Modified = new(7), Body = """{"owner":"somebody"}"""u8.ToArray(), Author = "account:somebody" };
            }

            return found;
        }
    }
}
