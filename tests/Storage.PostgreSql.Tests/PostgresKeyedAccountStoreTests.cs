using Lockstep.Core.Accounts;
using Lockstep.Core.Assignments;
using Lockstep.Core.KeyedAccounts;
using Lockstep.Storage.Contract;
using Lockstep.Storage.PostgreSql.Accounts;
using Lockstep.Storage.PostgreSql.Assignments;
using Lockstep.Storage.PostgreSql.KeyedAccounts;

namespace Lockstep.Storage.PostgreSql.Tests;

public sealed class PostgresKeyedAccountStoreTests(TestDatabase database) : KeyedAccountStoreContract, IClassFixture<TestDatabase>
{
    protected override IKeyedAccountStore With(AccountTokenLimits limits) => new PostgresKeyedAccountStore(database.Database, limits);

    protected override IAccountStore Accounts => new PostgresAccountStore(database.Database);

    protected override IAssignmentStore Assignments => new PostgresAssignmentStore(database.Database);
}
