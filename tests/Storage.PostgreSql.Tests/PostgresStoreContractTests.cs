using Lockstep.Core.Storage;
using Lockstep.Storage.Contract;

namespace Lockstep.Storage.PostgreSql.Tests;

public sealed class PostgresStoreContractTests(TestDatabase database) : BucketStoreContract, IClassFixture<TestDatabase>
{
    protected override IBucketStore Store => new PostgresBucketStore(database.Database);
}
