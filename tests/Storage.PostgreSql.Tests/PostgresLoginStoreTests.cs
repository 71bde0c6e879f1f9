using Lockstep.Core.Accounts;
using Lockstep.Core.Assignments;
using Lockstep.Core.Logins;
using Lockstep.Storage.Contract;
using Lockstep.Storage.PostgreSql.Accounts;
using Lockstep.Storage.PostgreSql.Assignments;
using Lockstep.Storage.PostgreSql.Logins;

namespace Lockstep.Storage.PostgreSql.Tests;

public sealed class PostgresLoginStoreTests(TestDatabase database) : LoginStoreContract, IClassFixture<TestDatabase>
{
    protected override ILoginStore Logins => new PostgresLoginStore(database.Database);

    protected override IAccountStore Accounts => new PostgresAccountStore(database.Database);

    protected override IAssignmentStore Assignments => new PostgresAssignmentStore(database.Database);
}
