using Lockstep.Core.Storage;
using Lockstep.Storage.Contract;

namespace Lockstep.Storage.PostgreSql.Tests;

public sealed class ShardedConcurrencyTests(TestShards shards) : BucketConcurrencyContract, IClassFixture<TestShards>
{
    protected override IBucketStore Store => shards.Shards.Buckets;
}
