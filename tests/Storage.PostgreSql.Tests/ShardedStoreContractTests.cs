using Lockstep.Core.Storage;
using Lockstep.Storage.Contract;

namespace Lockstep.Storage.PostgreSql.Tests;

public sealed class ShardedStoreContractTests(TestShards shards) : BucketStoreContract, IClassFixture<TestShards>
{
    protected override IBucketStore Store => shards.Shards.Buckets;
}
