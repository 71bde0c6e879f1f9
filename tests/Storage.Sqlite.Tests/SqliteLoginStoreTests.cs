using Lockstep.Core.Accounts;
using Lockstep.Core.Assignments;
using Lockstep.Core.Logins;
using Lockstep.Storage.Contract;
using Lockstep.Storage.Sqlite.Accounts;
using Lockstep.Storage.Sqlite.Assignments;
using Lockstep.Storage.Sqlite.Logins;

namespace Lockstep.Storage.Sqlite.Tests;

public sealed class SqliteLoginStoreTests : LoginStoreContract, IDisposable
{
    private readonly TemporaryDatabase database = new();

    protected override ILoginStore Logins => new SqliteLoginStore(database.Database);

    protected override IAccountStore Accounts => new SqliteAccountStore(database.Database);

    protected override IAssignmentStore Assignments => new SqliteAssignmentStore(database.Database);

    public void Dispose() => database.Dispose();
}
