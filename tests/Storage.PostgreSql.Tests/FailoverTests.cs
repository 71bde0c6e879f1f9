using Lockstep.Core.Buckets;
using Lockstep.Core.Operations;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Owner;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;
using Lockstep.Storage.Contract;
using Lockstep.Storage.PostgreSql.Testing;

namespace Lockstep.Storage.PostgreSql.Tests;

/// <summary>
/// A failover that lost commits, with servers running: versions come round again, and what was remembered of the old server's is not
/// continued on the new one. A server that was started again stands for another one.
/// </summary>
public sealed class FailoverTests
{
    private static readonly BucketId Id = BucketId.Named("b");

    [Fact]
    public async Task Commit_ThatContinuesAnotherServersVersion_IsStale()
    {
        await using var server = await OwnPostgres.StartAsync();
        await using var database = await PostgresDatabase.OpenAsync(new PostgresOptions { Connection = server.Connection }, TimeProvider.System, _ => { });
        var store = new PostgresBucketStore(database);
        var first = BucketHeads.Unwritten(Id) with { Version = 1, Clock = new(100) };
        var done = await store.CommitAsync(Of(first));
        Assert.Equal(CommitStatus.Done, done.Status);
        var second = first with { Row = done.Row, Incarnation = done.Incarnation, Version = 2, Clock = new(200) };
        Assert.Equal(CommitStatus.Done, (await store.CommitAsync(Of(second))).Status);

        await server.KillAsync();
        await server.RestartAsync();

        var third = second with { Version = 3, Clock = new(300) };
        CommitOutcome told = default;
        await Eventually.HoldsAsync("reached again", async () => (told = await store.CommitAsync(Of(third))).Status != CommitStatus.NotExecuted);
        Assert.Equal(CommitStatus.Stale, told.Status);
        var stored = await store.LoadAsync(Id, claim: false, default);
        Assert.Equal(2, stored!.Version);
        Assert.NotEqual(done.Incarnation, stored.Incarnation);
        told = await store.CommitAsync(Of(third with { Incarnation = stored.Incarnation }));
        Assert.Equal((CommitStatus.Done, stored.Incarnation), (told.Status, told.Incarnation));
    }

    [Fact]
    public async Task Owner_ThatRemembersAnotherServersVersion_BeginsFromWhatIsStored()
    {
        await using var server = await OwnPostgres.StartAsync();

        // The lease of this one never ends by itself.
        await using var database = await PostgresDatabase.OpenAsync(
            new PostgresOptions { Connection = server.Connection, LeaseTime = TimeSpan.FromMinutes(1) }, new FakeTime(TimeProvider.System.GetUtcNow()), _ => { });
        await using var other = await PostgresDatabase.OpenAsync(new PostgresOptions { Connection = server.Connection }, TimeProvider.System, _ => { });
        var (here, there) = (Buckets(database), Buckets(other));
        Assert.IsType<RecordWritten>(await PutAsync(here, "kept", "one"));
        Assert.IsType<RecordWritten>(await PutAsync(here, "lost", "two"));

        // The server that comes never got the last commit, and takes one of the other process before this one notices.
        await server.KillAsync();
        await server.RestartAsync();
        await PostgresServer.ExecuteAsync(
            server.Connection,
            """
            DELETE FROM records WHERE list = (SELECT list FROM lists WHERE name = 'lost');
            DELETE FROM records WHERE id = 'lost';
            DELETE FROM lists WHERE name = 'lost';
            UPDATE buckets SET version = version - 1, next_key = next_key - 1, clock = clock - 1
            """);
        await Eventually.HoldsAsync("the other process writes", async () => await PutAsync(there, "other", "three") is RecordWritten);

        // By another bucket this process has its connections again, and what it remembers of this one is untouched.
        await Eventually.HoldsAsync("this process writes", async () => await PutAsync(here, "other", "any", user: "bob") is RecordWritten);
        Assert.IsType<RecordWritten>(await PutAsync(here, "lost", "four"));

        // Two lists of one key would show each other's records.
        foreach (var (list, id) in new[] { ("kept", "one"), ("other", "three"), ("lost", "four") })
        {
            Assert.Equal(1L, await PostgresServer.QueryAsync(
                server.Connection, $"SELECT count(*) FROM records r JOIN lists l ON l.bucket = r.bucket AND l.list = r.list WHERE l.name = '{list}' AND r.id <> 'any'"));
            Assert.Equal(id, await PostgresServer.QueryAsync(
                server.Connection, $"SELECT max(r.id) FROM records r JOIN lists l ON l.bucket = r.bucket AND l.list = r.list WHERE l.name = '{list}' AND r.id <> 'any'"));
        }
    }

    private static BucketCommit Of(BucketHeads heads) => new(heads, Guid.NewGuid(), [], [], [], []);

    private static InProcessBuckets Buckets(PostgresDatabase database) => new(new PostgresBucketStore(database), new BucketOptions(), TimeProvider.System);

    private static async Task<Outcome> PutAsync(InProcessBuckets buckets, string collection, string id, string user = "alice")
    {
        var caller = new Caller(new($"account:{user}"), BucketAccess.Own);
        var request = new BucketRequest(caller, [new PutRecord(ObjectRef.Record(collection, id), "{}"u8.ToArray())]);
        return (await buckets.Get(BucketId.DefaultBucket(user)).ExecuteAsync(request, default)).Outcomes[0];
    }
}
