using Lockstep.Core.Storage;
using Lockstep.Storage.Contract;

namespace Lockstep.Storage.PostgreSql.Tests;

public sealed class ShardedStoreContractTests(TestShards shards) : BucketStoreContract, IClassFixture<TestShards>
{
    protected override IBucketStore Store => shards.Shards.Buckets;

    protected override IBucketIndex Index => shards.Shards.Index;

    protected override IStoreMaintenance Maintenance => shards.Shards.Maintenance;
}
