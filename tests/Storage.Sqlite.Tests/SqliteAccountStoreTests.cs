using Lockstep.Core.Accounts;
using Lockstep.Core.Storage;
using Lockstep.Storage.Contract;
using Lockstep.Storage.Sqlite.Accounts;

namespace Lockstep.Storage.Sqlite.Tests;

public sealed class SqliteAccountStoreTests : AccountStoreContract, IDisposable
{
    private readonly TemporaryDatabase database = new();

    protected override IAccountStore Accounts => new SqliteAccountStore(database.Database);

    protected override IBucketStore Buckets => new SqliteBucketStore(database.Database);

    public void Dispose() => database.Dispose();
}
