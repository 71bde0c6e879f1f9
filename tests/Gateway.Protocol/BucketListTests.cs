using Lockstep.Core.Buckets;
using Lockstep.Core.Quotas;
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
    public async Task List_OfOnePage_ReadsThatPageOnly()
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
            Assert.Equal((1, 1), (index.EntriesRead, index.ObjectsRead));
            Assert.Equal(29, one.Data[0].GetProperty("n").GetInt32());
            Assert.True(one.Headers.ContainsKey("Next-Page"));

            var head = await client.SendAsync("HEAD", "/buckets");
            Assert.Equal("30", head.Headers["Total-Objects"]);
            Assert.Equal(one.Headers["ETag"], head.Headers["ETag"]);
            Assert.Equal((0, 0), (index.EntriesRead, index.ObjectsRead));

            Assert.Equal(["b10", "b11"], (await client.GetAsync("/buckets?in_id=b10,b11&_sort=id")).Ids);
            Assert.Equal((2, 2), (index.EntriesRead, index.ObjectsRead));

            Assert.Equal(304, (await client.GetAsync("/buckets", ("If-None-Match", one.Headers["ETag"]))).Status);
            Assert.Equal(412, (await client.DeleteAsync("/buckets", ("If-Match", "\"1\""))).Status);
            Assert.Equal((0, 0), (index.EntriesRead, index.ObjectsRead));
        }
        finally
        {
            await counted.DisposeAsync();
        }
    }

    [Fact]
    public async Task List_OfBucketsOfAllKinds_IsInOrder_FilteredAndCounted()
    {
        // Names of buckets are everybody's.
        var alone = await KintoServer.StartAsync();
        try
        {
            using var client = await alone.NewUserAsync();
            using var other = await alone.NewUserAsync();
            await other.PutAsync("/buckets/others", "{}");
            var last = 0L;
            foreach (var name in new[] { "zz", "aa", "mm", "gone" })
            {
                await PutLaterAsync(name);
            }

            await client.PutAsync("/buckets/default/collections/tasks/records/r", "{}");
            await PutLaterAsync("default");
            var own = (await client.GetAsync("/buckets/default")).Data.GetProperty("id").GetString()!;
            await PutLaterAsync("aa", """{"data":{"n":1}}""");
            var before = (await client.GetAsync("/buckets")).Headers["ETag"];
            await PutLaterAsync("gone");
            await client.DeleteAsync("/buckets/gone");

            // A record moves the list of its collection, not that of the buckets.
            await client.PutAsync("/buckets/zz/collections/tasks", "{}");
            await client.PutAsync("/buckets/zz/collections/tasks/records/r", "{}");

            Assert.Equal(["aa", own, "mm", "zz"], (await client.GetAsync("/buckets")).Ids);
            Assert.Equal(new[] { "aa", "mm", "zz", own }.Order(StringComparer.Ordinal), (await client.GetAsync("/buckets?_sort=id")).Ids);
            Assert.Equal(["gone"], (await client.GetAsync($"/buckets?_since={Uri.EscapeDataString(before)}")).Ids);
            Assert.Equal(["gone", "aa", own, "mm", "zz"], (await client.GetAsync("/buckets?_since=0")).Ids);
            Assert.Equal(["aa", own, "mm"], (await client.GetAsync("/buckets?_since=0&deleted=false&not_id=zz")).Ids);
            Assert.Equal([own, "mm", "zz"], (await client.GetAsync($"/buckets?_before={Uri.EscapeDataString(before)}")).Ids);
            Assert.Equal([own], (await client.GetAsync($"/buckets?id={own}")).Ids);
            var head = await client.SendAsync("HEAD", "/buckets?_since=0");
            Assert.Equal("4", head.Headers["Total-Objects"]);
            Assert.Equal((await client.GetAsync("/buckets")).Headers["ETag"], head.Headers["ETag"]);
            Assert.Equal("2", (await client.SendAsync("HEAD", "/buckets?in_id=aa,mm,gone,others")).Headers["Total-Objects"]);

            // Each bucket has a clock of its own, and a fast server writes to several in one millisecond.
            async Task PutLaterAsync(string name, string body = "{}")
            {
                long stamp;
                do
                {
                    stamp = (await client.PutAsync($"/buckets/{name}", body)).Data.GetProperty("last_modified").GetInt64();
                }
                while (stamp <= last);
                last = stamp;
            }
        }
        finally
        {
            await alone.DisposeAsync();
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
        private int entriesRead;

        /// <summary>Since it was last asked.</summary>
        public int ObjectsRead => Interlocked.Exchange(ref objectsRead, 0);

        /// <summary>Since it was last asked.</summary>
        public int EntriesRead => Interlocked.Exchange(ref entriesRead, 0);

        public async ValueTask<BucketRows> ListByAuthorAsync(BucketScan scan, CancellationToken cancellationToken)
        {
            var rows = await memory.ListByAuthorAsync(scan, cancellationToken);
            Interlocked.Add(ref entriesRead, rows.Entries.Count);
            return rows;
        }

        public ValueTask<IReadOnlyDictionary<BucketId, StoredRecord>> ReadNamedAsync(
            IReadOnlyCollection<string> principals, IReadOnlyCollection<BucketId> ids, CancellationToken cancellationToken) => memory.ReadNamedAsync(principals, ids, cancellationToken);

        public ValueTask<IReadOnlyList<T>> ListNamedAsync<T>(
            NamedScan scan, Func<NamedObject, T?> select, CancellationToken cancellationToken)
            where T : class => memory.ListNamedAsync(scan, select, cancellationToken);

        public ValueTask<IReadOnlyList<Grant>> ListMembershipsAsync(
            IReadOnlyCollection<string> principals, int limit, CancellationToken cancellationToken) => memory.ListMembershipsAsync(principals, limit, cancellationToken);

        public ValueTask<BucketCount> CountByAuthorAsync(BucketScan scan, CancellationToken cancellationToken) =>
            memory.CountByAuthorAsync(scan, cancellationToken);

        public ValueTask<QuotaAmount> UsageByAuthorAsync(string author, CancellationToken cancellationToken) => memory.UsageByAuthorAsync(author, cancellationToken);

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
