using Lockstep.Storage.Contract;

namespace Lockstep.Gateway.Protocol;

/// <summary>What streams do as time passes.</summary>
public sealed class LiveTimeTests : IAsyncLifetime
{
    private const string Clock = "The clock of the silo stands still.";
    private const string Password = "s3cr3t";

    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    private readonly FakeTime time = new();
    private KintoServer? server;

    // Not where these tests are left out: a cluster would not even start.
    private KintoServer Server => server!;

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => server?.DisposeAsync() ?? Task.CompletedTask;

    [OneProcessFact(Clock)]
    public async Task Stream_OnWhichNothingHappens_HasComments()
    {
        const int Comments = 20;
        await StartAsync(maxTime: TimeSpan.FromDays(1_000));
        using var http = EventReader.Client(Server.Address, KintoClient.Basic("alice", Password));
        using var stream = await EventReader.OpenAsync(http, KintoClient.Records);
        var reading = stream.ReadAsync();

        using var deadline = new CancellationTokenSource(Deadline);
        while (stream.Comments < Comments)
        {
            Assert.False(reading.IsCompleted);
            deadline.Token.ThrowIfCancellationRequested();
            time.Advance(TimeSpan.FromSeconds(5));
            await Task.Yield();
        }
    }

    [OneProcessFact(Clock)]
    public async Task Stream_OnWhichNothingHappens_EndsAfterItsTime()
    {
        await StartAsync();
        using var http = EventReader.Client(Server.Address, KintoClient.Basic("alice", Password));
        using var stream = await EventReader.OpenAsync(http, KintoClient.Records);

        Assert.Null(await PassAsync(stream.ReadAsync(), TimeSpan.FromSeconds(5)));
    }

    [OneProcessFact(Clock)]
    public async Task Password_ThatIsChanged_EndsTheStream()
    {
        await StartAsync();
        using var http = EventReader.Client(Server.Address, KintoClient.Basic("alice", Password));
        using var stream = await EventReader.OpenAsync(http, KintoClient.Records);
        using var alice = Server.As("alice", Password);
        Assert.Equal(200, (await alice.SendAsync("PATCH", "/accounts/alice", """{"data":{"password":"an0ther"}}""")).Status);
        time.Advance(TimeSpan.FromSeconds(31));
        using var again = Server.As("alice", "an0ther");
        Assert.Equal(201, (await again.PutAsync(KintoClient.Records + "/a", """{"data":{}}""")).Status);

        var end = await stream.NextAsync();

        Assert.Equal(("end", 401), (end.Name, end.Json.GetProperty("code").GetInt32()));
        Assert.Null(await stream.ReadAsync());
    }

    [OneProcessFact(Clock)]
    public async Task Password_ThatIsChanged_EndsTheStreamOfATicket()
    {
        await StartAsync();
        using var alice = Server.As("alice", Password);
        var ticket = (await alice.PostAsync("/__ticket__", "")).Json.GetProperty("ticket").GetString();
        using var http = EventReader.Client(Server.Address, authorization: null);
        using var stream = await EventReader.OpenAsync(http, $"{KintoClient.Records}?ticket={ticket}");
        time.Advance(TimeSpan.FromSeconds(31));
        Assert.Equal(201, (await alice.PutAsync(KintoClient.Records + "/a", """{"data":{}}""")).Status);
        Assert.Equal("a", (await stream.NextAsync()).Record);
        Assert.Equal(200, (await alice.SendAsync("PATCH", "/accounts/alice", """{"data":{"password":"an0ther"}}""")).Status);
        time.Advance(TimeSpan.FromSeconds(31));
        using var again = Server.As("alice", "an0ther");
        Assert.Equal(201, (await again.PutAsync(KintoClient.Records + "/b", """{"data":{}}""")).Status);

        var end = await stream.NextAsync();

        Assert.Equal(("end", 401), (end.Name, end.Json.GetProperty("code").GetInt32()));
    }

    [OneProcessFact(Clock)]
    public async Task List_ThatAGroupOfAnotherBucketOpens_IsToldInAStreamOfSeveral_HoweverFarTheOthersAre()
    {
        await StartAsync();
        await Server.AddAccountAsync("bob", Password);
        using var alice = Server.As("alice", Password);
        foreach (var (path, body) in new[]
        {
            ("/buckets/club", "{}"),
            ("/buckets/club/groups/staff", """{"data":{"members":[]}}"""),
            ("/buckets/shop", "{}"),
            ("/buckets/shop/collections/a", """{"permissions":{"read":["account:bob"]}}"""),
            ("/buckets/shop/collections/b", """{"permissions":{"read":["/buckets/club/groups/staff"]}}"""),
            ("/buckets/shop/collections/b/records/x", """{"data":{}}"""),
        })
        {
            Assert.Equal(201, (await alice.PutAsync(path, body)).Status);
        }

        using var http = EventReader.Client(Server.Address, KintoClient.Basic("bob", Password));
        using var stream = await EventReader.OpenAsync(http, "/buckets/shop");
        Assert.Equal(200, (await alice.PutAsync("/buckets/club/groups/staff", """{"data":{"members":["account:bob"]}}""")).Status);

        // Later than the stamp with which the change counts, and before it does.
        time.Advance(TimeSpan.FromSeconds(18));
        Assert.Equal(201, (await alice.PutAsync("/buckets/shop/collections/a/records/n", """{"data":{}}""")).Status);

        // It counts.
        time.Advance(TimeSpan.FromSeconds(6));
        Assert.Equal(201, (await alice.PutAsync("/buckets/shop/collections/a/records/m", """{"data":{}}""")).Status);
        var told = (await stream.UntilAsync("m")).Where(change => change.Name.Length == 0).Select(change => change.Path).ToList();
        Assert.Contains("/buckets/shop/collections/b/records/x", told);
        Assert.Single(told, "/buckets/shop/collections/a/records/n");
    }

    [OneProcessFact(Clock)]
    public async Task Ticket_ThatIsOld_IsNoneAnyMore()
    {
        await StartAsync();
        using var alice = Server.As("alice", Password);
        var ticket = (await alice.PostAsync("/__ticket__", "")).Json.GetProperty("ticket").GetString();
        time.Advance(TimeSpan.FromSeconds(31));
        using var anonymous = Server.Anonymous();

        var answer = await anonymous.GetAsync($"{KintoClient.Records}?ticket={ticket}", ("Accept", "text/event-stream"));

        Assert.Equal(401, answer.Status);
    }

    private async Task StartAsync(TimeSpan? maxTime = null)
    {
        server = await KintoServer.StartAsync(
            options => options with { Kinto = options.Kinto with { Live = options.Kinto.Live with { MergeTime = TimeSpan.Zero, MaxTime = maxTime ?? options.Kinto.Live.MaxTime } } }, time: time);
        await server.AddAccountAsync("alice", Password);
    }

    /// <summary>Lets time pass until something is done.</summary>
    private async Task<T> PassAsync<T>(Task<T> done, TimeSpan step)
    {
        using var deadline = new CancellationTokenSource(Deadline);
        while (!done.IsCompleted)
        {
            deadline.Token.ThrowIfCancellationRequested();
            time.Advance(step);
            await Task.Yield();
        }

        return await done;
    }
}
