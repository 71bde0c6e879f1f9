using Lockstep.Core.Accounts;
using Lockstep.Core.Assignments;
using Lockstep.Core.Storage;
using Lockstep.Storage.Contract;
using Lockstep.Storage.PostgreSql.Accounts;
using Lockstep.Storage.PostgreSql.Assignments;
using Npgsql;

namespace Lockstep.Storage.PostgreSql.Tests;

public sealed class PostgresAssignmentStoreTests(TestDatabase database) : AssignmentStoreContract, IClassFixture<TestDatabase>
{
    protected override IAssignmentStore Assignments => new PostgresAssignmentStore(database.Database);

    protected override IAccountStore Accounts => new PostgresAccountStore(database.Database);

    protected override IBucketStore Buckets => new PostgresBucketStore(database.Database);

    [Fact]
    public async Task SecondStoreInUse_WhoeverWritesIt_IsKeptOutByTheIndex()
    {
        var given = (await Assignments.GiveAsync(NewUser(), expected: null, Keys, node: 0, quotaBytes: null, new(1), default))!;

        var e = await Assert.ThrowsAsync<PostgresException>(() => database.ExecuteAsync(
            $"INSERT INTO assignments SELECT number + 1000000, generation, keys_changed, created, replaced, quota, node, closed, emptied, issuer, subject, fingerprint FROM assignments WHERE number = {given.Number}"));

        Assert.Equal("assignments_in_use", e.ConstraintName);
    }

    [Fact]
    public async Task Node_WithMoreStoresThanAStatementTakes_IsRemovedWithAll()
    {
        var node = await Assignments.PutNodeAsync($"https://{Guid.NewGuid():N}.example.org", 100_000, isDown: false, isDraining: false, default);
        await database.ExecuteAsync(
            $"INSERT INTO assignments (number, issuer, subject, generation, fingerprint, keys_changed, node, created) SELECT 5000000 + i, 'many', i::text, 1, '', 1, {node.Number}, 100 FROM generate_series(1, 12001) i");

        Assert.True(await Assignments.RemoveNodeAsync(node.Url, new(200), default));

        Assert.Equal(12_001L, await database.QueryAsync("SELECT count(*) FROM assignments WHERE issuer = 'many' AND replaced = 200"));
        await database.ExecuteAsync("DELETE FROM assignments WHERE issuer = 'many'");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Give_WhoseConnectionIsLostInTheMiddle_IsDoneOnceOrNotAtAll(int losses)
    {
        var node = await Assignments.PutNodeAsync($"https://{Guid.NewGuid():N}.example.org", 10, isDown: false, isDraining: false, default);
        var user = NewUser();

        // Somebody holds the node's row: the transaction is under way and waits.
        await using var connection = new NpgsqlConnection(database.Connection);
        await connection.OpenAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await using (var hold = new NpgsqlCommand($"SELECT FROM assignment_nodes WHERE number = {node.Number} FOR UPDATE", connection))
        {
            await hold.ExecuteNonQueryAsync();
        }

        var giving = Assignments.GiveAsync(user, expected: null, Keys, node.Number, quotaBytes: null, new(1), default).AsTask();
        for (var loss = 0; loss < losses; loss++)
        {
            await Eventually.HoldsAsync("waiting for the node and cut off", async () => 1L == (long)(await database.QueryAsync(
                "SELECT count(*) FILTER (WHERE pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"))!);
        }

        if (losses > 1)
        {
            await Assert.ThrowsAsync<StoreUnavailableException>(() => giving);
        }

        await transaction.RollbackAsync();
        var given = losses == 1 ? await giving : await Assignments.GiveAsync(user, expected: null, Keys, node.Number, quotaBytes: null, new(1), default);

        Assert.Equal([given!], await Assignments.FindAsync(user, default));
        Assert.Equal(1, (await Assignments.ListNodesAsync(default)).Single(one => one.Number == node.Number).Load);

        // As where the answer was lost after the commit: once more finds that it is done.
        Assert.Null(await Assignments.GiveAsync(user, expected: null, Keys, node.Number, quotaBytes: null, new(1), default));
        Assert.Equal([given!], await Assignments.FindAsync(user, default));
    }

    protected override async Task<long> CountInUseAsync(UserIdentity user) => (long)(await database.QueryAsync(
        $"SELECT count(*) FROM assignments WHERE issuer = '{user.Issuer}' AND subject = '{user.Subject}' AND replaced IS NULL"))!;
}
