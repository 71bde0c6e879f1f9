using System.Net;
using System.Text.Json;
using Lockstep.Core.Owner;
using Lockstep.Core.Push;
using Lockstep.Core.Storage;
using Lockstep.Gateway.Accounts;
using Lockstep.Gateway.Kinto;
using Lockstep.Gateway.Kinto.Push;
using Lockstep.Gateway.Metering;
using Lockstep.Storage.Contract;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Testing;

namespace Lockstep.Gateway.Protocol;

/// <summary>What apps that sleep are told, and when. A handler is the push service, and the tests say when changes are looked at.</summary>
public sealed class PushNoticesTests : IClassFixture<PushServer>, IAsyncLifetime
{
    private const string Tasks = "/buckets/default/collections/tasks";
    private const string Phone = "/subscriptions/phone";

    private static readonly TimeSpan Interval = PushServer.Push.Interval;

    private readonly PushServer server;
    private readonly PushApp app = new();
    private readonly PushService service = new();
    private readonly FakeTime time = new(TimeProvider.System.GetUtcNow());
    private readonly PushNotices notices;
    private KintoClient alice = null!;

    public PushNoticesTests(PushServer server)
    {
        this.server = server;
        notices = NewNotices();
    }

    public async Task InitializeAsync() => alice = await server.NewUserAsync();

    public Task DisposeAsync()
    {
        alice.Dispose();
        app.Dispose();
        service.Dispose();
        notices.Dispose();
        return Task.CompletedTask;
    }

    [Fact]
    public async Task Change_IsToldOnce_EncryptedForTheApp_WithoutItsData()
    {
        await SubscribeAsync(Tasks);
        await RunAsync();
        Assert.Empty(service.Sent);

        await WriteAsync("milk");
        await RunAsync();
        await RunAsync();

        var (request, body) = Assert.Single(service.Sent);
        Assert.Equal((HttpMethod.Post, app.Endpoint), (request.Method, request.RequestUri!.ToString()));
        Assert.Equal(("86400", "normal", "aes128gcm", "application/octet-stream"), (Header("TTL"), Header("Urgency"), Header("Content-Encoding"), Header("Content-Type")));
        Assert.Matches("^[A-Za-z0-9_-]{32}$", Header("Topic"));
        Assert.Matches("^vapid t=[A-Za-z0-9_-]+\\.[A-Za-z0-9_-]+\\.[A-Za-z0-9_-]+, k=[A-Za-z0-9_-]{87}$", Header("Authorization"));
        Assert.Equal($$"""{"id":"phone","path":"{{Tasks}}","last_modified":{{(await alice.GetAsync(Tasks + "/records")).Stamp}}}""", System.Text.Encoding.UTF8.GetString(app.Read(body)));

        string Header(string name) => string.Join(", ", request.Headers.Concat(request.Content!.Headers).Single(header => header.Key == name).Value);
    }

    [Fact]
    public async Task Changes_WithinTheInterval_AreToldTogether_OnceItIsOver()
    {
        await SubscribeAsync(Tasks);
        await WriteAsync("a");
        await RunAsync();
        await WriteAsync("b");
        await RunAsync();
        await WriteAsync("c");
        await RunAsync();
        Assert.Single(service.Sent);

        time.Advance(Interval);
        await RunAsync();
        await RunAsync();

        Assert.Equal(2, service.Sent.Count);
        Assert.Equal((await alice.GetAsync(Tasks + "/records")).Stamp, Stamp(1));
    }

    [Fact]
    public async Task Change_OfAnotherCollection_OrOfSomethingDeletedToo_IsToldWhereItIsAbout()
    {
        await WriteAsync("milk");
        await SubscribeAsync(Tasks);
        Assert.Equal(201, (await alice.PutAsync("/subscriptions/all", app.Body("/buckets/default"))).Status);
        await alice.PutAsync("/buckets/default/collections/others/records/a", """{"data":{}}""");
        await RunAsync();
        Assert.Equal(["all"], Told());

        time.Advance(Interval);
        await alice.DeleteAsync(Tasks + "/records/milk");
        await RunAsync();

        Assert.Equal(["all", "all", "phone"], Told().Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Subscription_ThatHadNothingNew_IsNotReadAgain_BeforeItsPauseIsOver()
    {
        await WriteAsync("milk");
        await SubscribeAsync(Tasks);
        await alice.PutAsync("/buckets/default/collections/others/records/a", """{"data":{}}""");
        await RunAsync();

        // It is about this one, but was just looked at in vain.
        await WriteAsync("bread");
        await RunAsync();
        Assert.Empty(service.Sent);

        time.Advance(Interval);
        await RunAsync();
        Assert.Single(service.Sent);

        // The pause has ended with the notice, and the next one is only that between notices.
        Assert.Equal(200, (await alice.PutAsync(Phone, app.Body(Tasks))).Status);
        time.Advance(Interval);
        await WriteAsync("butter");
        await RunAsync();
        Assert.Equal(2, service.Sent.Count);
    }

    [Fact]
    public async Task Right_ThatIsLost_EndsTheSubscription_AndNothingIsTold()
    {
        var bucket = $"/buckets/b{Guid.NewGuid():N}";
        await alice.PutAsync(bucket, "{}");
        await alice.PutAsync($"{bucket}/collections/c", """{"permissions":{"read":["system.Authenticated"]}}""");
        using var bob = await server.NewUserAsync();
        Assert.Equal(201, (await bob.PutAsync(Phone, app.Body($"{bucket}/collections/c"))).Status);
        await alice.PutAsync($"{bucket}/collections/c/records/a", """{"data":{}}""");
        await RunAsync();
        Assert.Single(service.Sent);
        time.Advance(Interval);

        await alice.SendAsync("PATCH", $"{bucket}/collections/c", """{"permissions":{"read":[]}}""");
        await alice.PutAsync($"{bucket}/collections/c/records/b", """{"data":{}}""");
        await RunAsync();

        Assert.Single(service.Sent);
        (await bob.GetAsync(Phone)).AssertError(404, KintoErrno.InvalidResourceId);
    }

    [Theory]
    [InlineData(404)]
    [InlineData(410)]
    public async Task Subscription_ThatThePushServiceKnowsNoMore_IsRemoved(int status)
    {
        await SubscribeAsync(Tasks);
        service.Answer((HttpStatusCode)status);
        await WriteAsync("milk");
        await RunAsync();

        (await alice.GetAsync(Phone)).AssertError(404, KintoErrno.InvalidResourceId);
    }

    [Theory]
    [InlineData(429)]
    [InlineData(503)]
    public async Task PushService_ThatIsBusy_IsAskedAgain_WhenItWants(int status)
    {
        await SubscribeAsync(Tasks);
        service.Answer((HttpStatusCode)status, 3 * Interval);
        await WriteAsync("milk");
        await RunAsync();
        time.Advance(2 * Interval);
        await RunAsync();
        Assert.Single(service.Sent);

        time.Advance(Interval);
        await RunAsync();
        time.Advance(100 * Interval);
        await RunAsync();

        Assert.Equal(2, service.Sent.Count);
        Assert.Equal(Stamp(0), Stamp(1));
        Assert.Equal(0, (await StoredAsync())!.Tries);
    }

    [Fact]
    public async Task PushService_ThatFailsAgainAndAgain_IsLeftAlone_UntilTheNextChange()
    {
        await SubscribeAsync(Tasks);
        await WriteAsync("milk");
        for (var i = 0; i < 2 * PushServer.Push.Tries; i++)
        {
            service.Answers.Enqueue(static () => throw new HttpRequestException("no answer"));
            await RunAsync();
            time.Advance(100 * Interval);
        }

        Assert.Equal(PushServer.Push.Tries, service.Sent.Count);
        service.Answers.Clear();
        await WriteAsync("bread");
        await RunAsync();
        Assert.Equal(PushServer.Push.Tries + 1, service.Sent.Count);
    }

    [Theory]
    [InlineData(307)]
    [InlineData(400)]
    [InlineData(403)]
    [InlineData(413)]
    public async Task Notice_ThatThePushServiceRefuses_IsNotSentAgain(int status)
    {
        await SubscribeAsync(Tasks);
        service.Answer((HttpStatusCode)status);
        await WriteAsync("milk");
        await RunAsync();
        time.Advance(100 * Interval);
        await RunAsync();

        Assert.Single(service.Sent);
        Assert.Equal(200, (await alice.GetAsync(Phone)).Status);
    }

    [Fact]
    public async Task Subscription_ThatIsRefusedAgainAndAgain_IsLeftAlone_ForLongerEachTime()
    {
        await SubscribeAsync(Tasks);
        for (var refusals = 1; refusals <= 3; refusals++)
        {
            await ChangeAsync(HttpStatusCode.Forbidden);
            Assert.Equal(refusals, service.Sent.Count);
            time.Advance(Interval);
        }

        // Twice the interval since the third one.
        await ChangeAsync();
        Assert.Equal(3, service.Sent.Count);
        time.Advance(Interval);
        service.Answer(HttpStatusCode.BadRequest);
        await RunAsync();
        Assert.Equal(4, service.Sent.Count);

        // Four times the interval.
        time.Advance(3 * Interval);
        await ChangeAsync();
        Assert.Equal(4, service.Sent.Count);
        time.Advance(Interval);
        await RunAsync();
        Assert.Equal(5, service.Sent.Count);

        // That one was taken, so refusals count anew.
        foreach (var sent in new[] { 6, 7 })
        {
            time.Advance(Interval);
            await ChangeAsync(HttpStatusCode.Forbidden);
            Assert.Equal(sent, service.Sent.Count);
        }
    }

    [Fact]
    public async Task Subscription_ThatWasRefused_AndIsPutAgain_IsToldAgain()
    {
        await SubscribeAsync(Tasks);
        for (var refusals = 1; refusals <= 6; refusals++)
        {
            time.Advance(100 * Interval);
            await ChangeAsync(HttpStatusCode.Forbidden);
            Assert.Equal(refusals, service.Sent.Count);
        }

        time.Advance(Interval);
        Assert.Equal(200, (await alice.PutAsync(Phone, app.Body(Tasks))).Status);
        await ChangeAsync();

        Assert.Equal(7, service.Sent.Count);
    }

    [Theory]
    [InlineData(false, 94, LogLevel.Warning)]
    [InlineData(true, 97, LogLevel.Error)]
    public async Task Store_ThatFails_LosesNoNotice_AndOnlyAFaultOfTheProgramIsAnError(bool isFault, int line, LogLevel level)
    {
        var (log, store) = (new FakeLogger<PushNotices>(), new FailingPushStore(server.Services.GetRequiredService<IPushStore>()));
        using var failing = NewNotices(store, log);
        await SubscribeAsync(Tasks);
        store.Failure = isFault ? new InvalidOperationException("a bug") : new StoreUnavailableException("It is away.");
        await WriteAsync("milk");
        await failing.RunOnceAsync(CancellationToken.None);
        Assert.Empty(service.Sent);
        Assert.Equal((line, level), (log.LatestRecord.Id.Id, log.LatestRecord.Level));

        store.Failure = null;
        time.Advance(Interval);
        await failing.RunOnceAsync(CancellationToken.None);

        Assert.Single(service.Sent);
        Assert.Equal(1, log.Collector.Count);
    }

    [Fact]
    public async Task Fault_OverOneSubscription_IsAnError_AndTheOthersAreTold()
    {
        var log = new FakeLogger<PushNotices>();
        using var logged = NewNotices(server.Services.GetRequiredService<IPushStore>(), log);
        await SubscribeAsync(Tasks);
        Assert.Equal(201, (await alice.PutAsync("/subscriptions/tablet", app.Body(Tasks))).Status);
        service.Answers.Enqueue(static () => throw new InvalidOperationException("a bug"));
        await WriteAsync("milk");

        await logged.RunOnceAsync(CancellationToken.None);

        Assert.Equal(2, service.Sent.Count);
        Assert.Equal((97, LogLevel.Error, "a bug"), (log.LatestRecord.Id.Id, log.LatestRecord.Level, log.LatestRecord.Exception!.Message));
    }

    [Fact]
    public async Task Change_LookedAtByTwoProcesses_IsToldByOne()
    {
        using var other = NewNotices();
        await SubscribeAsync(Tasks);
        await WriteAsync("milk");

        await Task.WhenAll(RunAsync(), other.RunOnceAsync(CancellationToken.None));

        Assert.Single(service.Sent);
    }

    [Fact]
    public async Task Account_ThatIsDeleted_TakesItsSubscriptionsAlong()
    {
        await SubscribeAsync(Tasks);
        var stored = (await StoredAsync())!;

        Assert.Equal(200, (await alice.DeleteAsync($"/accounts/{Name(stored.Owner)}")).Status);

        Assert.Empty(await server.Services.GetRequiredService<IPushStore>().ListAsync(stored.Owner, default));
    }

    [Fact]
    public async Task Subscription_OfAnAccountThatIsGone_GetsNothing_AndGoes()
    {
        var bucket = $"/buckets/b{Guid.NewGuid():N}";
        await alice.PutAsync(bucket, """{"permissions":{"read":["system.Authenticated"]}}""");
        await alice.PutAsync($"{bucket}/collections/c", "{}");
        await SubscribeAsync($"{bucket}/collections/c");
        var store = server.Services.GetRequiredService<IPushStore>();
        var left = (await StoredAsync())! with { Owner = $"account:{Name((await StoredAsync())!.Owner)}#999999", Told = default };
        await store.PutAsync(left, default, 10, default);

        await alice.PutAsync($"{bucket}/collections/c/records/a", """{"data":{}}""");
        await RunAsync();

        Assert.Single(service.Sent);
        Assert.Empty(await store.ListAsync(left.Owner, default));
    }

    [Fact]
    public async Task Subscription_OfADisabledAccount_GetsNothing_UntilTheAccountIsEnabled()
    {
        var bucket = $"/buckets/b{Guid.NewGuid():N}";
        await alice.PutAsync(bucket, """{"permissions":{"write":["system.Authenticated"]}}""");
        await alice.PutAsync($"{bucket}/collections/c", "{}");
        await SubscribeAsync($"{bucket}/collections/c");
        using var bob = await server.NewUserAsync();
        var accounts = server.Services.GetRequiredService<AccountDirectory>();
        var account = (await accounts.FindByNameAsync(Name((await StoredAsync())!.Owner), default))!;

        await accounts.DisableAsync(account, default);
        Assert.Equal(201, (await bob.PutAsync($"{bucket}/collections/c/records/a", "{}")).Status);
        await RunAsync();
        Assert.Empty(service.Sent);

        await accounts.EnableAsync(account, default);
        Assert.Equal(201, (await bob.PutAsync($"{bucket}/collections/c/records/b", "{}")).Status);
        await RunAsync();
        Assert.Single(service.Sent);
    }

    private static string Name(string owner) => owner["account:".Length..owner.LastIndexOf('#')];

    private PushNotices NewNotices() => NewNotices(server.Services.GetRequiredService<IPushStore>(), NullLogger<PushNotices>.Instance);

    private PushNotices NewNotices(IPushStore store, ILogger<PushNotices> log)
    {
        var services = server.Services;
        return new PushNotices(
            services.GetRequiredService<InProcessBuckets>().Feed, store, services.GetRequiredService<PushUsers>(), services.GetRequiredService<PushView>(),
            new PushSender(service, services.GetRequiredService<VapidKey>(), PushServer.Push, time), services.GetRequiredService<KintoOptions>(), services.GetRequiredService<GatewayMetrics>(), time, log);
    }

    private async Task SubscribeAsync(string path) => Assert.Equal(201, (await alice.PutAsync(Phone, app.Body(path))).Status);

    private async Task WriteAsync(string id) => Assert.InRange((await alice.PutAsync($"{Tasks}/records/{id}", """{"data":{"secret":"x"}}""")).Status, 200, 201);

    private async Task ChangeAsync(HttpStatusCode? answer = null)
    {
        if (answer is { } status)
        {
            service.Answer(status);
        }

        await WriteAsync($"r{Guid.NewGuid():N}");
        await RunAsync();
    }

    private Task RunAsync() => notices.RunOnceAsync(CancellationToken.None);

    private IEnumerable<string> Told() => service.Sent.Select(sent => JsonDocument.Parse(app.Read(sent.Body)).RootElement.GetProperty("id").GetString()!);

    private long Stamp(int index) => JsonDocument.Parse(app.Read(service.Sent[index].Body)).RootElement.GetProperty("last_modified").GetInt64();

    private async Task<PushSubscription?> StoredAsync() =>
        (await server.Services.GetRequiredService<IPushStore>().ListAsync($"{(await alice.GetAsync("/")).Json.GetProperty("user").GetProperty("id").GetString()}#{await NumberAsync()}", default)).SingleOrDefault();

    private async Task<long> NumberAsync()
    {
        var id = (await alice.GetAsync("/")).Json.GetProperty("user").GetProperty("id").GetString()!;
        return (await server.Services.GetRequiredService<Accounts.AccountDirectory>().FindByNameAsync(id["account:".Length..], default))!.Number;
    }
}
