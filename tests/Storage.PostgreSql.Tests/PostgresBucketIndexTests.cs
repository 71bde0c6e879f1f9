using Lockstep.Core.Storage;
using Lockstep.Storage.Contract;
using Lockstep.Storage.PostgreSql.Reads;

namespace Lockstep.Storage.PostgreSql.Tests;

public sealed class PostgresBucketIndexTests(TestDatabase database) : BucketIndexContract, IClassFixture<TestDatabase>
{
    protected override IBucketStore Store => new PostgresBucketStore(database.Database);

    protected override IBucketIndex Index => new PostgresBucketIndex(() => database.Database);
}
