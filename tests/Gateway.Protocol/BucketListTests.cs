using Lockstep.Core.Buckets;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;
using Lockstep.Core.Time;
using Lockstep.Storage.Contract;

namespace Lockstep.Gateway.Protocol;

/// <summary>The list of somebody's buckets: stamps of all, data of those that are shown.</summary>
[Collection(SharedServer.Name)]
public sealed class BucketListTests(KintoServer server)
{
    [OneProcessFact("The index is counted in the one process.")]
    public async Task List_OfOnePage_ReadsTheDataOfThatPageOnly()
    {
        CountedIndex index = null!;
        var counted = await KintoServer.StartAsync(decorate: _ => index = new CountedIndex(new InMemoryBucketStore()));
        try
        {
            using var client = await counted.NewUserAsync();
            for (var i = 0; i < 30; i++)
            {
                Assert.Equal(201, (await client.PutAsync($"/buckets/b{i:00}", $$$"""{"data":{"n":{{{i}}}}}""")).Status);
            }

            var one = await client.GetAsync("/buckets?_limit=1");
            Assert.Equal(1, index.ObjectsRead);
            Assert.Equal(29, one.Data[0].GetProperty("n").GetInt32());
            Assert.True(one.Headers.ContainsKey("Next-Page"));

            var head = await client.SendAsync("HEAD", "/buckets");
            Assert.Equal("30", head.Headers["Total-Objects"]);
            Assert.Equal(1, index.ObjectsRead);

            Assert.Equal(["b10", "b11"], (await client.GetAsync("/buckets?in_id=b10,b11&_sort=id")).Ids);
            Assert.Equal(3, index.ObjectsRead);
        }
        finally
        {
            await counted.DisposeAsync();
        }
    }

    [Theory]
    [InlineData("_sort=id")]
    [InlineData("_sort=-id")]
    [InlineData("_sort=last_modified")]
    [InlineData("_sort=-n")]
    [InlineData("")]
    public async Task List_PageByPage_ShowsEachBucketOnceInOrder(string sort)
    {
        using var client = await server.NewUserAsync();
        var name = Guid.NewGuid().ToString("N");
        for (var i = 0; i < 9; i++)
        {
            await client.PutAsync($"/buckets/{name}-{i}", $$$"""{"data":{"n":{{{i}}}}}""");
        }

        var whole = (await client.GetAsync($"/buckets?{sort}")).Ids.ToList();
        var paged = new List<string>();
        var stamps = new HashSet<string>();
        for (var next = $"/buckets?{sort}&_limit=4"; next is not null;)
        {
            var page = await client.GetAsync(next);
            paged.AddRange(page.Ids);
            stamps.Add(page.Headers["ETag"]);
            next = page.Headers.TryGetValue("Next-Page", out var url) ? new Uri(url).PathAndQuery["/v1".Length..] : null;
        }

        Assert.Equal(9, whole.Count);
        Assert.Equal(whole, paged);
        Assert.Single(stamps);
    }

    private sealed class CountedIndex(InMemoryBucketStore memory) : DelegatingBucketStore(memory), IBucketIndex
    {
        private int objectsRead;

        public int ObjectsRead => Volatile.Read(ref objectsRead);

        public ValueTask<IReadOnlyList<BucketEntry>> ListByAuthorAsync(
            string author, bool onlyLive, BucketId? after, int limit, CancellationToken cancellationToken) =>
            memory.ListByAuthorAsync(author, onlyLive, after, limit, cancellationToken);

        public ValueTask<IReadOnlyDictionary<BucketId, StoredRecord>> ReadObjectsAsync(
            string author, IReadOnlyCollection<BucketId> ids, CancellationToken cancellationToken)
        {
            Interlocked.Add(ref objectsRead, ids.Count);
            return memory.ReadObjectsAsync(author, ids, cancellationToken);
        }

        public ValueTask<IReadOnlyList<BucketId>> ListExistingAsync(BucketId? after, int limit, CancellationToken cancellationToken) =>
            memory.ListExistingAsync(after, limit, cancellationToken);

        public ValueTask<IReadOnlyList<TombstoneEntry>> ListTombstonesAsync(TombstoneEntry? after, int limit, CancellationToken cancellationToken) =>
            memory.ListTombstonesAsync(after, limit, cancellationToken);

        public ValueTask<IReadOnlyList<ExpiryEntry>> ListExpiringAsync(ServerTimestamp after, ServerTimestamp by, int limit, CancellationToken cancellationToken) =>
            memory.ListExpiringAsync(after, by, limit, cancellationToken);
    }
}
