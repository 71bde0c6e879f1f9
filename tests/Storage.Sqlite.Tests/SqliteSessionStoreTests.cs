using Lockstep.Core.Accounts;
using Lockstep.Core.Sessions;
using Lockstep.Storage.Contract;
using Lockstep.Storage.Sqlite.Accounts;
using Lockstep.Storage.Sqlite.Sessions;

namespace Lockstep.Storage.Sqlite.Tests;

public sealed class SqliteSessionStoreTests : SessionStoreContract, IDisposable
{
    private readonly TemporaryDatabase database = new();

    protected override ISessionStore Sessions => new SqliteSessionStore(database.Database);

    protected override IAdministratorStore Administrators => new SqliteAdministratorStore(database.Database);

    protected override IAccountStore Accounts => new SqliteAccountStore(database.Database);

    public void Dispose() => database.Dispose();
}
