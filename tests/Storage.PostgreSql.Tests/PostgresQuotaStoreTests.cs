using Lockstep.Core.Quotas;
using Lockstep.Storage.Contract;
using Lockstep.Storage.PostgreSql.Quotas;

namespace Lockstep.Storage.PostgreSql.Tests;

public sealed class PostgresQuotaStoreTests(TestDatabase database) : QuotaStoreContract, IClassFixture<TestDatabase>
{
    protected override IQuotaStore Quotas => new PostgresQuotaStore(database.Database);
}
