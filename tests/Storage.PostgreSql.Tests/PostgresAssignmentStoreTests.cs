using Lockstep.Core.Accounts;
using Lockstep.Core.Assignments;
using Lockstep.Core.Storage;
using Lockstep.Storage.Contract;
using Lockstep.Storage.PostgreSql.Accounts;
using Lockstep.Storage.PostgreSql.Assignments;
using Npgsql;
using Xunit.Abstractions;

namespace Lockstep.Storage.PostgreSql.Tests;

public sealed class PostgresAssignmentStoreTests(TestDatabase database, ITestOutputHelper log) : AssignmentStoreContract, IClassFixture<TestDatabase>
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

    [Fact]
    public async Task Give_WhoseConnectionIsLostAtAnyMoment_GivesOne_AndCountsIt()
    {
        var node = await Assignments.PutNodeAsync($"https://{Guid.NewGuid():N}.example.org", 100_000, isDown: false, isDraining: false, default);
        using var ended = new CancellationTokenSource();
        var (lost, told) = (new Tally(), 0);
        var killing = Task.Run(async () =>
        {
            await using var source = NpgsqlDataSource.Create(database.Connection);
            await using var connection = await source.OpenConnectionAsync();
            while (!ended.IsCancellationRequested)
            {
                await using var command = new NpgsqlCommand(
                    """
                    SELECT count(*) FILTER (WHERE pg_terminate_backend(pid)) FROM pg_stat_activity
                    WHERE datname = current_database() AND state = 'active' AND query LIKE '%assignments%' AND pid <> pg_backend_pid()
                    """, connection);
                for (var terminated = (long)(await command.ExecuteScalarAsync())!; terminated > 0; terminated--)
                {
                    lost.Add();
                }
            }
        });
        var users = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(async () =>
        {
            var stores = 0;
            while (lost.Count < 30)
            {
                var user = NewUser();
                Assignment? given = null;
                while (given is null)
                {
                    try
                    {
                        // As callers do it: after an answer that was lost they read, and find what they were given.
                        given = await Assignments.FindAsync(user, default) is [var found, ..]
                            ? found
                            : await Assignments.GiveAsync(user, expected: null, Keys, node.Number, quotaBytes: null, new(1), default);
                    }
                    catch (StoreUnavailableException)
                    {
                        Interlocked.Increment(ref told);
                    }
                }

                stores++;
            }

            return stores;
        })));
        await ended.CancelAsync();
        await killing;

        Assert.Equal(0L, await database.QueryAsync($"SELECT count(*) FROM (SELECT FROM assignments WHERE node = {node.Number} GROUP BY issuer, subject HAVING count(*) > 1) twice"));
        Assert.Equal((long)users.Sum(), await database.QueryAsync($"SELECT count(*) FROM assignments WHERE node = {node.Number}"));
        Assert.Equal(users.Sum(), (await Assignments.ListNodesAsync(default)).Single(one => one.Number == node.Number).Load);
        log.WriteLine($"{lost.Count} connections lost, {told} told, {users.Sum()} stores");
    }

    protected override async Task<long> CountInUseAsync(UserIdentity user) => (long)(await database.QueryAsync(
        $"SELECT count(*) FROM assignments WHERE issuer = '{user.Issuer}' AND subject = '{user.Subject}' AND replaced IS NULL"))!;
}
