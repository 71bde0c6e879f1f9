using Lockstep.Core.Quotas;
using Lockstep.Storage.Contract;
using Lockstep.Storage.Sqlite.Quotas;

namespace Lockstep.Storage.Sqlite.Tests;

public sealed class SqliteQuotaStoreTests : QuotaStoreContract, IDisposable
{
    private readonly TemporaryDatabase database = new();

    protected override IQuotaStore Quotas => new SqliteQuotaStore(database.Database);

    public void Dispose() => database.Dispose();
}
