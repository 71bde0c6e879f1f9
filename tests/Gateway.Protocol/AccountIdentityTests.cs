using Lockstep.Core.Accounts;
using Lockstep.Core.Buckets;
using Lockstep.Core.Operations;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;
using Lockstep.Core.Time;
using Lockstep.Gateway.Kinto;
using Lockstep.Storage.Contract;
using Microsoft.Extensions.DependencyInjection;

namespace Lockstep.Gateway.Protocol;

/// <summary>Who asks is judged when it is written, and not when the request came.</summary>
[Collection(SharedServer.Name)]
public sealed class AccountIdentityTests(KintoServer shared)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Theory]
    [InlineData("PUT", "/buckets/late", """{"data":{}}""")]
    [InlineData("POST", "/buckets", """{"data":{"id":"late"}}""")]
    public async Task Write_UnderWayWhenTheAccountIsDeleted_Is401AndLeavesNothing(string method, string path, string body)
    {
        HeldStore store = null!;
        var server = await KintoServer.StartAsync(decorate: inner => store = new HeldStore(inner, "b:late"));
        try
        {
            using var leaver = await server.NewUserAsync();
            var writing = leaver.SendAsync(method, path, body);
            await store.Held.ReachesAsync(1);
            Assert.Equal(200, (await leaver.DeleteAsync("/accounts/user1")).Status);
            store.LetGo();

            (await writing.WaitAsync(Patience)).AssertError(401, KintoErrno.MissingAuthToken);
            (await leaver.GetAsync("/buckets")).AssertError(401, KintoErrno.MissingAuthToken);
            using var other = await server.NewUserAsync();
            Assert.Equal(201, (await other.PutAsync("/buckets/late", """{"data":{}}""")).Status);
        }
        finally
        {
            await server.DisposeAsync();
        }
    }

    [Fact]
    public async Task Batch_UnderWayWhenTheAccountIsDeleted_NoPartOfItIsDoneAfterThat()
    {
        HeldStore store = null!;
        var server = await KintoServer.StartAsync(decorate: inner => store = new HeldStore(inner, "b:late"));
        try
        {
            using var leaver = await server.NewUserAsync();
            var writing = leaver.PostAsync("/batch", """
                {"defaults":{"method":"PUT","body":{"data":{}}},"requests":[
                {"path":"/buckets/early"},{"path":"/buckets/late"},{"path":"/buckets/late/collections/a"},{"path":"/buckets/later"},
                {"method":"GET","path":"/buckets"},{"method":"DELETE","path":"/accounts/user1"}]}
                """);
            await store.Held.ReachesAsync(1);
            Assert.Equal(200, (await leaver.DeleteAsync("/accounts/user1")).Status);
            store.LetGo();

            var answer = await writing.WaitAsync(Patience);
            Assert.Equal(200, answer.Status);
            Assert.Equal(
                [201, 401, 401, 401, 401, 401],
                answer.Json.GetProperty("responses").EnumerateArray().Select(static part => part.GetProperty("status").GetInt32()));
            using var other = await server.NewUserAsync();
            foreach (var name in new[] { "early", "late", "later" })
            {
                Assert.Equal(201, (await other.PutAsync($"/buckets/{name}", """{"data":{}}""")).Status);
            }
        }
        finally
        {
            await server.DisposeAsync();
        }
    }

    [Fact]
    public async Task Account_WhoseBucketsTakeTheirTimeToGo_HoldsNobodyUp()
    {
        HeldStore store = null!;
        var server = await KintoServer.StartAsync(decorate: inner => store = new HeldStore(inner, "b:large"));
        try
        {
            using var leaver = await server.NewUserAsync();
            using var other = await server.NewUserAsync();
            store.LetGo();
            await leaver.PutAsync("/buckets/large", """{"data":{}}""");
            store.Hold();
            var deleting = leaver.DeleteAsync("/accounts/user1");
            await store.Held.ReachesAsync(1);

            // :: Meanwhile others come and go; the name is taken.
            using var newcomer = await server.NewUserAsync().WaitAsync(Patience);
            Assert.Equal(200, (await other.DeleteAsync("/accounts/user2").WaitAsync(Patience)).Status);
            using var anonymous = server.Anonymous();
            Assert.Equal(401, (await anonymous.PutAsync("/accounts/user1", """{"data":{"password":"s3cr3t"}}""").WaitAsync(Patience)).Status);
            Assert.False(deleting.IsCompleted);
            store.LetGo();

            Assert.Equal(200, (await deleting.WaitAsync(Patience)).Status);
            Assert.Equal(201, (await anonymous.PutAsync("/accounts/user1", """{"data":{"password":"s3cr3t"}}""")).Status);
        }
        finally
        {
            await server.DisposeAsync();
        }
    }

    [Theory]
    [InlineData("GET", null)]
    [InlineData("DELETE", null)]
    [InlineData("PUT", """{"data":{"password":"th1rd!"}}""")]
    [InlineData("PATCH", """{"data":{"password":"th1rd!"}}""")]
    public async Task Password_ChangedOnTheCommandLine_TheOldOneChangesNothingOfTheAccount(string method, string? body)
    {
        var name = $"changed-{method}";
        await shared.AddAccountAsync(name, "s3cr3t");
        using var old = shared.As(name, "s3cr3t");
        Assert.Equal(200, (await old.GetAsync(KintoClient.Records)).Status);
        var accounts = shared.Services.GetRequiredService<IAccountStore>();
        var hash = PasswordHash.Create("sec0nd", 1000);
        Assert.NotNull(await accounts.ChangePasswordAsync(name, expected: null, hash, ServerTimestamp.Now(TimeProvider.System), default));

        (await old.SendAsync(method, $"/accounts/{name}", body)).AssertError(401, KintoErrno.MissingAuthToken);

        Assert.Equal((hash, false), await accounts.FindAsync(name, default) is { } account ? (account.PasswordHash, account.IsBeingDeleted) : default);
        (await old.GetAsync(KintoClient.Records)).AssertError(401, KintoErrno.MissingAuthToken);
    }

    [Fact]
    public async Task Password_ChangedByManyWithTheSameOldOne_IsChangedOnce()
    {
        await shared.AddAccountAsync("changed-by-many", "s3cr3t");
        using var client = shared.As("changed-by-many", "s3cr3t");
        Assert.Equal(200, (await client.GetAsync(KintoClient.Records)).Status);

        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(
            i => client.SendAsync("PATCH", "/accounts/changed-by-many", $$$"""{"data":{"password":"s3cr3t-{{{i}}}"}}""")));

        Assert.Equal([200, 401], answers.Select(static answer => answer.Status).Distinct().Order());
        Assert.Single(answers, static answer => answer.Status == 200);
    }

    /// <summary>As 0.1.0 could let it be written, for an account whose deletion it had acknowledged.</summary>
    [Fact]
    public async Task Bucket_LeftBehindWithoutANumber_IsNotInheritedByTheNextAccountOfTheName_AndGoesWithIt()
    {
        var server = await KintoServer.StartAsync();
        try
        {
            var left = server.Services.GetRequiredService<IBuckets>().Get(BucketId.Named("left"));
            var former = new Caller(new("account:user1"), BucketAccess.ByAcl);
            Assert.IsType<RecordWritten>((await left.ExecuteAsync(new BucketRequest(former, [new PutRecord(ObjectRef.Bucket, "{}"u8.ToArray())]), default)).Outcomes[0]);

            using var user = await server.NewUserAsync();
            (await user.GetAsync("/buckets/left")).AssertError(403, KintoErrno.Forbidden);
            Assert.Empty((await user.GetAsync("/buckets?_since=0")).Ids);
            Assert.Equal("0", (await user.SendAsync("HEAD", "/buckets")).Headers["Total-Objects"]);

            Assert.Equal(200, (await user.DeleteAsync("/accounts/user1")).Status);
            using var other = await server.NewUserAsync();
            Assert.Equal(201, (await other.PutAsync("/buckets/left", """{"data":{}}""")).Status);
        }
        finally
        {
            await server.DisposeAsync();
        }
    }

    /// <summary>Commits of one bucket wait until they are let go.</summary>
    private sealed class HeldStore(IBucketStore inner, string bucket) : DelegatingBucketStore(inner)
    {
        private TaskCompletionSource free = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Tally Held { get; } = new();

        public void Hold() => free = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

        public void LetGo() => free.TrySetResult();

        public override async ValueTask<CommitOutcome> CommitAsync(BucketCommit commit)
        {
            var waiting = free.Task;
            if (string.Equals(commit.Id.Value, bucket, StringComparison.Ordinal) && !waiting.IsCompleted)
            {
                Held.Add();
                await waiting;
            }

            return await base.CommitAsync(commit);
        }
    }
}
