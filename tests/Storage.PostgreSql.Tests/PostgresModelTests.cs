using Lockstep.Core.Storage;
using Lockstep.Storage.Contract;
using Xunit.Abstractions;

namespace Lockstep.Storage.PostgreSql.Tests;

public sealed class PostgresModelTests(TestDatabase database, ITestOutputHelper output) : BucketModelContract(output), IClassFixture<TestDatabase>
{
    protected override IBucketStore Store => new PostgresBucketStore(database.Database);
}
