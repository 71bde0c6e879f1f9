using Lockstep.Core.Storage;
using Lockstep.Storage.Contract;

namespace Lockstep.Storage.PostgreSql.Tests;

public sealed class ShardedBucketIndexTests(TestShards shards) : BucketIndexContract, IClassFixture<TestShards>
{
    protected override IBucketStore Store => shards.Shards.Buckets;

    protected override IBucketIndex Index => shards.Shards.Index;

    protected override int Databases => 2;
}
