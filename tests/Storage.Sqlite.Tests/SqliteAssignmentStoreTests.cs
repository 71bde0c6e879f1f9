using Lockstep.Core.Accounts;
using Lockstep.Core.Assignments;
using Lockstep.Core.Storage;
using Lockstep.Storage.Contract;
using Lockstep.Storage.Sqlite.Accounts;
using Lockstep.Storage.Sqlite.Assignments;

namespace Lockstep.Storage.Sqlite.Tests;

public sealed class SqliteAssignmentStoreTests : AssignmentStoreContract, IDisposable
{
    private readonly TemporaryDatabase database = new();

    protected override IAssignmentStore Assignments => new SqliteAssignmentStore(database.Database);

    protected override IAccountStore Accounts => new SqliteAccountStore(database.Database);

    protected override IBucketStore Buckets => new SqliteBucketStore(database.Database);

    [Fact]
    public async Task SecondStoreInUse_WhoeverWritesIt_IsKeptOutByTheIndex()
    {
        var given = (await Assignments.GiveAsync(NewUser(), expected: null, Keys, node: 0, quotaBytes: null, new(1), default))!;

        await Assert.ThrowsAsync<StoreUnavailableException>(async () => await database.Database.WriteAsync(statements => statements.Execute(
            """
            INSERT INTO assignments (number, issuer, subject, generation, fingerprint, keys_changed, node, created)
            SELECT number + 1, issuer, subject, generation, fingerprint, keys_changed, node, created FROM assignments WHERE number = $0
            """, given.Number)));

        Assert.Equal(1, await CountInUseAsync(given.User));
    }

    public void Dispose() => database.Dispose();

    protected override Task<long> CountInUseAsync(UserIdentity user) => Task.FromResult(database.Database.Read(statements => (long)statements.Scalar(
        "SELECT count(*) FROM assignments WHERE issuer = $0 AND subject = $1 AND replaced IS NULL", user.Issuer, user.Subject)!));
}
