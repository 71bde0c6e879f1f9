using Lockstep.Core.Accounts;
using Lockstep.Core.Assignments;
using Lockstep.Core.KeyedAccounts;
using Lockstep.Storage.Contract;
using Lockstep.Storage.Sqlite.Accounts;
using Lockstep.Storage.Sqlite.Assignments;
using Lockstep.Storage.Sqlite.KeyedAccounts;

namespace Lockstep.Storage.Sqlite.Tests;

public sealed class SqliteKeyedAccountStoreTests : KeyedAccountStoreContract, IDisposable
{
    private readonly TemporaryDatabase database = new();

    protected override IKeyedAccountStore With(AccountTokenLimits limits) => new SqliteKeyedAccountStore(database.Database, limits);

    protected override IAccountStore Accounts => new SqliteAccountStore(database.Database);

    protected override IAssignmentStore Assignments => new SqliteAssignmentStore(database.Database);

    public void Dispose() => database.Dispose();
}
