using Lockstep.Core.Storage;
using Lockstep.Storage.Contract;
using Lockstep.Storage.PostgreSql.Reads;

namespace Lockstep.Storage.PostgreSql.Tests;

public sealed class PostgresStoreContractTests(TestDatabase database) : BucketStoreContract, IClassFixture<TestDatabase>
{
    protected override IBucketStore Store => new PostgresBucketStore(database.Database);

    protected override IBucketIndex Index => new PostgresBucketIndex(() => database.Database);

    protected override IStoreMaintenance Maintenance => new PostgresMaintenance(() => database.Database);
}
