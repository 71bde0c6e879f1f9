using Lockstep.Core.Storage;
using Lockstep.Storage.Contract;
using Xunit.Abstractions;

namespace Lockstep.Storage.PostgreSql.Tests;

public sealed class PostgresExpiringModelTests(TestDatabase database, ITestOutputHelper output) : ExpiringModelContract(output), IClassFixture<TestDatabase>
{
    protected override IBucketStore Store => new PostgresBucketStore(database.Database);
}
