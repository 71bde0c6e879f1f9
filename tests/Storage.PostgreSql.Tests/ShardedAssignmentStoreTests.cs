using Lockstep.Core.Assignments;
using Lockstep.Core.Buckets;
using Lockstep.Core.Storage;
using Lockstep.Storage.PostgreSql.Testing;

namespace Lockstep.Storage.PostgreSql.Tests;

public sealed class ShardedAssignmentStoreTests(TestShards shards) : IClassFixture<TestShards>
{
    [Fact]
    public async Task Stores_LieInTheHomeDatabaseAlone_AndTheirNumbersAreClosedInEach()
    {
        var given = (await shards.Shards.Assignments.GiveAsync(new UserIdentity("issuer", "alice"), expected: null, new UserKeys(1, "aa", 1), node: 0, quotaBytes: null, new(1), default))!;
        Assert.Equal(given.Number + 1, (await shards.Shards.Accounts.AddAsync("bob", "hash", new(1), default))!.Number);

        await shards.Shards.Accounts.CloseAsync(given.Number, default);

        for (var database = 0; database < 2; database++)
        {
            Assert.Equal(database == 0 ? 1L : 0L, await PostgresServer.QueryAsync(shards.Connections[database], "SELECT count(*) FROM assignments"));
            var heads = BucketHeads.Unwritten(TestShards.NewId(database)) with { Version = 1, Clock = new(100) };
            var commit = new BucketCommit(heads, Guid.NewGuid(), [], [], [], []) { Accounts = [given.Number] };
            Assert.Equal(CommitStatus.Closed, (await shards.Shards.Buckets.CommitAsync(commit)).Status);
        }
    }
}
