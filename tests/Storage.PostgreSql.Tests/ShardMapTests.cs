using Lockstep.Core.Buckets;
using Lockstep.Storage.PostgreSql.Shards;

namespace Lockstep.Storage.PostgreSql.Tests;

public sealed class ShardMapTests
{
    [Theory]
    [InlineData(1, "0-1023=0")]
    [InlineData(2, "0-511=0 512-1023=1")]
    [InlineData(3, "0-341=0 342-682=1 683-1023=2")]
    public void Even_IsTheSameForEver(int databases, string text) => Assert.Equal(text, ShardMap.Even(databases).Text);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(7)]
    [InlineData(64)]
    [InlineData(1024)]
    public void Text_ReadBack_IsTheSameMap(int databases)
    {
        var map = ShardMap.Even(databases);
        var read = ShardMap.Parse(map.Text);

        Assert.Equal((databases, databases), (map.Databases, read.Databases));
        foreach (var id in Enumerable.Range(0, 5_000).Select(i => BucketId.Named($"{i}")))
        {
            Assert.Equal(map[id], read[id]);
            Assert.Equal(VirtualShards.Of(id) * databases / VirtualShards.Count, read[id]);
        }
    }

    [Fact]
    public void Map_ThatIsNotEven_IsFollowed()
    {
        var map = ShardMap.Parse("0-380=1 381=0 382-1023=1");

        Assert.Equal((0, 1, 2), (map[BucketId.DefaultBucket("alice")], map[BucketId.Named("blog")], map.Databases));
        Assert.Equal("0-380, 382-1023", map.ShardsOf(1));
    }

    [Theory]
    [InlineData("", "in no database")]
    [InlineData("0-1022=0", "Shard 1023 is in no database")]
    [InlineData("0-512=0 512-1023=1", "Shard 512 is in two")]
    [InlineData("0-511=0 512-1023=2", "has no shard")]
    [InlineData("0-1024=0", "no range")]
    [InlineData("0-1023", "no range")]
    [InlineData("0-1-1023=0", "no range")]
    [InlineData("0-1023=-1", "no range")]
    public void Map_ThatDoesNotHoldEachShardOnce_IsRefused(string text, string reason) =>
        Assert.Contains(reason, Assert.Throws<FormatException>(() => ShardMap.Parse(text)).Message, StringComparison.Ordinal);
}
