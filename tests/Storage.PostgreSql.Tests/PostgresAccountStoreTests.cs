using Lockstep.Core.Accounts;
using Lockstep.Core.Storage;
using Lockstep.Storage.Contract;
using Lockstep.Storage.PostgreSql.Accounts;

namespace Lockstep.Storage.PostgreSql.Tests;

public sealed class PostgresAccountStoreTests(TestDatabase database) : AccountStoreContract, IClassFixture<TestDatabase>
{
    protected override IAccountStore Accounts => new PostgresAccountStore(database.Database);

    protected override IBucketStore Buckets => new PostgresBucketStore(database.Database);

    [Fact]
    public async Task LockName_HeldByAnotherProcess_IsWaitedFor()
    {
        var other = new PostgresAccountStore(await database.OpenAsync());
        var held = await other.LockNameAsync("alice", default);
        var waiting = Accounts.LockNameAsync("alice", default).AsTask();
        await using (await Accounts.LockNameAsync("bob", default))
        {
            Assert.False(waiting.IsCompleted);
        }

        await held.DisposeAsync();

        await using var mine = await waiting;
    }
}
