using Lockstep.Core.Storage;
using Lockstep.Storage.Contract;

namespace Lockstep.Storage.PostgreSql.Tests;

public sealed class PostgresHistoryTests(TestDatabase database) : HistoryContract, IClassFixture<TestDatabase>
{
    protected override IBucketStore Store => new PostgresBucketStore(database.Database);
}
