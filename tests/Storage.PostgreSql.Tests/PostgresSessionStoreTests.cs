using Lockstep.Core.Accounts;
using Lockstep.Core.Sessions;
using Lockstep.Storage.Contract;
using Lockstep.Storage.PostgreSql.Accounts;
using Lockstep.Storage.PostgreSql.Sessions;

namespace Lockstep.Storage.PostgreSql.Tests;

public sealed class PostgresSessionStoreTests(TestDatabase database) : SessionStoreContract, IClassFixture<TestDatabase>
{
    protected override ISessionStore Sessions => new PostgresSessionStore(database.Database);

    protected override IAdministratorStore Administrators => new PostgresAdministratorStore(database.Database);

    protected override IAccountStore Accounts => new PostgresAccountStore(database.Database);
}
