using Lockstep.Core.Buckets;
using Lockstep.Storage.PostgreSql.Shards;
using Lockstep.Storage.PostgreSql.Testing;

namespace Lockstep.Storage.PostgreSql.Tests;

/// <summary>Which virtual shard a bucket is in, for ever.</summary>
public sealed class VirtualShardsTests(TestShards shards) : IClassFixture<TestShards>
{
    /// <remarks>
    /// Computed with another program: <c>python3 -c "import hashlib, sys; d = hashlib.sha256(sys.argv[1].encode()).digest(); print((d[0] * 256 + d[1]) // 64)" u:alice</c>.
    /// If one of these fails, put the hash back as it was: stored buckets would not be found.
    /// </remarks>
    [Theory]
    [InlineData("u:alice", 381)]
    [InlineData("b:blog", 692)]
    [InlineData("s:1", 108)]
    [InlineData("u:00000000-0000-0000-0000-000000000000", 416)]
    [InlineData("b:\u00fc", 584)]
    public void Shard_OfABucket_NeverChanges(string id, int shard) => Assert.Equal(shard, VirtualShards.Of(BucketId.Parse(id)));

    [Fact]
    public void Shard_OfAVeryLongId_IsTheSameHash() => Assert.Equal(6, VirtualShards.Of(BucketId.Named(new string('x', 255))));

    [Fact]
    public async Task Shard_InSql_IsTheSame()
    {
        foreach (var id in new[] { BucketId.DefaultBucket("alice"), BucketId.Named("\u00fc"), BucketId.Named(Guid.NewGuid().ToString()) })
        {
            // As in docs/operations/postgresql.md.
            var shard = await PostgresServer.QueryAsync(
                shards.Connections[0],
                $"SELECT get_byte(sha256(convert_to(id, 'UTF8')), 0) * 4 + get_byte(sha256(convert_to(id, 'UTF8')), 1) / 64 FROM (SELECT '{id}'::text) AS b (id)");
            Assert.Equal(VirtualShards.Of(id), shard);
        }
    }

    [Fact]
    public void Shards_AreUsedEvenly()
    {
        var counts = Enumerable.Range(0, 102_400).Select(i => VirtualShards.Of(BucketId.DefaultBucket($"user{i}"))).CountBy(shard => shard).ToList();

        Assert.Equal(VirtualShards.Count, counts.Count);
        Assert.All(counts, count => Assert.InRange(count.Value, 50, 150));
    }
}
