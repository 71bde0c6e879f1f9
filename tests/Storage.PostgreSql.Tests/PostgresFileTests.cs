using Lockstep.Core.Storage;
using Lockstep.Storage.Contract;

namespace Lockstep.Storage.PostgreSql.Tests;

public sealed class PostgresFileTests(TestDatabase database) : FileContract, IClassFixture<TestDatabase>
{
    protected override IBucketStore Store => new PostgresBucketStore(database.Database);
}
