using Lockstep.Core.Storage;
using Lockstep.Storage.Contract;
using Xunit.Abstractions;

namespace Lockstep.Storage.PostgreSql.Tests;

public sealed class ShardedModelTests(TestShards shards, ITestOutputHelper output) : BucketModelContract(output), IClassFixture<TestShards>
{
    protected override IBucketStore Store => shards.Shards.Buckets;
}
