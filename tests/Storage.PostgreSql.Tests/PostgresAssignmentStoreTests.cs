using Lockstep.Core.Accounts;
using Lockstep.Core.Assignments;
using Lockstep.Core.Storage;
using Lockstep.Storage.Contract;
using Lockstep.Storage.PostgreSql.Accounts;
using Lockstep.Storage.PostgreSql.Assignments;

namespace Lockstep.Storage.PostgreSql.Tests;

public sealed class PostgresAssignmentStoreTests(TestDatabase database) : AssignmentStoreContract, IClassFixture<TestDatabase>
{
    protected override IAssignmentStore Assignments => new PostgresAssignmentStore(database.Database);

    protected override IAccountStore Accounts => new PostgresAccountStore(database.Database);

    protected override IBucketStore Buckets => new PostgresBucketStore(database.Database);

    protected override async Task<long> CountInUseAsync(UserIdentity user) => (long)(await database.QueryAsync(
        $"SELECT count(*) FROM assignments WHERE issuer = '{user.Issuer}' AND subject = '{user.Subject}' AND replaced IS NULL"))!;
}
