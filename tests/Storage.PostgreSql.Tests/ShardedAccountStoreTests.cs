using Lockstep.Core.Accounts;
using Lockstep.Core.Buckets;
using Lockstep.Core.Storage;
using Lockstep.Storage.Contract;
using Lockstep.Storage.PostgreSql.Testing;

namespace Lockstep.Storage.PostgreSql.Tests;

public sealed class ShardedAccountStoreTests(TestShards shards) : AccountStoreContract, IClassFixture<TestShards>
{
    protected override IAccountStore Accounts => shards.Shards.Accounts;

    protected override IBucketStore Buckets => shards.Shards.Buckets;

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task Deletion_Ended_ForgetsTheNameInEachDatabase(int database)
    {
        const string principal = "account:carol";
        var carol = (await Accounts.AddAsync("carol", "hash", new(1), default))!;
        var id = TestShards.NewId(database);
        var heads = BucketHeads.Unwritten(id) with { Version = 1, Clock = new(100), Author = principal };
        await Buckets.CommitAsync(new BucketCommit(heads, Guid.NewGuid(), [], [], [], []));
        await Accounts.BeginDeletionAsync("carol", expected: null, default);

        await Accounts.EndDeletionAsync(carol, principal, default);

        Assert.Null((await Buckets.LoadAsync(id, claim: false, default))!.Author);
    }

    [Fact]
    public async Task Accounts_LieInTheHomeDatabaseAlone()
    {
        await Accounts.AddAsync("home", "hash", new(1), default);

        Assert.Equal(1L, await PostgresServer.QueryAsync(shards.Connections[0], "SELECT count(*) FROM accounts WHERE name = 'home'"));
        Assert.Equal(0L, await PostgresServer.QueryAsync(shards.Connections[1], "SELECT count(*) FROM accounts"));
        Assert.Equal(0L, await PostgresServer.QueryAsync(shards.Connections[1], "SELECT count(*) FROM meta WHERE name = 'secret'"));
    }
}
