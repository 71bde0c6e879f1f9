using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Lockstep.Core.Accounts;
using Lockstep.Gateway.Accounts;
using Lockstep.Gateway.Http;
using Lockstep.Silo.Cluster;
using Lockstep.Silo.Hosting;
using Lockstep.Silo.Routing;
using Lockstep.Storage.Contract;
using Lockstep.Storage.PostgreSql;
using Lockstep.Storage.PostgreSql.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace Lockstep.Cluster.Tests;

/// <summary>Members by their roles, over HTTP.</summary>
public sealed class MemberTests : IAsyncLifetime
{
    private readonly Members members = new();
    private readonly HttpClient http = new();
    private LockstepOptions options = new()
    {
        Urls = "http://127.0.0.1:0",
        Accounts = new AccountOptions { PasswordIterations = 1000, RefusalTime = TimeSpan.Zero, MaxFailures = 3 },
        Http = new HttpOptions { DrainTime = TimeSpan.Zero },
    };

    private LockstepOptions Silo => options with { Role = ServerRole.Silo };

    private LockstepOptions Gateway => options with { Role = ServerRole.Gateway };

    public async Task InitializeAsync() =>
        options = options with { Postgres = new PostgresOptions { Connection = await PostgresServer.CreateDatabaseAsync() } };

    public async Task DisposeAsync()
    {
        http.Dispose();
        await members.DisposeAsync();
        await PostgresServer.DropDatabaseAsync(options.Postgres.Connection!);
    }

    [Fact]
    public async Task Silo_OverHttp_HasHealthAndNothingElse()
    {
        var silo = await members.AddAsync(Silo);

        Assert.Equal(HttpStatusCode.OK, await StatusAsync(silo, "/health/live"));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(silo, "/health/ready"));
        Assert.Equal(HttpStatusCode.NotFound, await StatusAsync(silo, "/v1/"));
    }

    [Fact]
    public async Task Gateway_IsReady_WhileThereIsASilo()
    {
        var silo = await members.AddAsync(Silo);
        var gateway = await members.AddAsync(Gateway);
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(gateway, "/health/ready"));

        await members.StopAsync(silo);

        await UntilAsync(gateway, async () => await StatusAsync(gateway, "/health/ready") == HttpStatusCode.ServiceUnavailable);
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(gateway, "/health/live"));
        await members.AddAsync(Silo);
        await UntilAsync(gateway, async () => await StatusAsync(gateway, "/health/ready") == HttpStatusCode.OK);
    }

    /// <summary>As after a power failure from which all come back at other addresses.</summary>
    [Fact]
    public async Task Silo_JoinsThoughTheTableNamesOnesThatAreGone()
    {
        await members.StopAsync(await members.AddAsync(Silo));
        await PostgresServer.ExecuteAsync(
            options.Postgres.Connection!,
            """
            INSERT INTO silos (cluster, address, port, generation, name, host, status, gateway_port, started, alive, seen)
            SELECT 'lockstep', '127.0.0.1', port, 1, 'gone', 'gone', 3, 0, now(), now(), now() - interval '16 s' FROM generate_series(1, 3) port
            """);
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));

        var silo = await members.AddAsync(Silo, cancellationToken: patience.Token);

        Assert.Equal(HttpStatusCode.OK, await StatusAsync(silo, "/health/ready"));
        Assert.Equal(3L, await PostgresServer.QueryAsync(options.Postgres.Connection!, "SELECT count(*) FROM silos WHERE name = 'gone' AND status = 6"));
    }

    [Fact]
    public async Task Clusters_OfTwoIds_OnOneDatabase_SeeEachOthersWrites()
    {
        var blue = await members.AddAsync(options with { Cluster = new ClusterSettings { Id = "blue" } });
        var green = await members.AddAsync(options with { Cluster = new ClusterSettings { Id = "green" } });
        await RegisterAsync(blue);

        for (var i = 0; i < 10; i++)
        {
            var (here, there) = i % 2 == 0 ? (blue, green) : (green, blue);
            Assert.Equal(HttpStatusCode.Created, (await PutAsync(here, $"r{i}")).StatusCode);
            Assert.Equal(HttpStatusCode.PreconditionFailed, (await PutAsync(there, $"r{i}", onlyNew: true)).StatusCode);
        }

        Assert.Equal(2L, await PostgresServer.QueryAsync(options.Postgres.Connection!, "SELECT count(*) FROM clusters"));
    }

    [Fact]
    public async Task WrongPasswords_ThroughTwoGateways_CountTogether_AndOutliveTheSilos()
    {
        var silo = await members.AddAsync(Silo);
        var first = await members.AddAsync(Gateway);
        var second = await members.AddAsync(Gateway);
        await RegisterAsync(first);
        Assert.Equal(HttpStatusCode.Unauthorized, await SignInAsync(first, "wrong"));
        Assert.Equal(HttpStatusCode.Unauthorized, await SignInAsync(second, "wrong"));
        Assert.Equal(HttpStatusCode.Unauthorized, await SignInAsync(first, "wrong"));

        Assert.Equal(HttpStatusCode.TooManyRequests, await SignInAsync(second, "wrong"));
        await members.StopAsync(silo);
        await members.AddAsync(Silo);
        await UntilAsync(second, async () => await StatusAsync(second, "/health/ready") == HttpStatusCode.OK);
        Assert.Equal(HttpStatusCode.TooManyRequests, await SignInAsync(second, "s3cr3t"));
        Assert.Equal(0L, await PostgresServer.QueryAsync(
            options.Postgres.Connection!, "SELECT count(*) FROM grain_states WHERE key LIKE '%alice%' OR key LIKE '%127.0.0.1%' OR position('alice'::bytea IN state) > 0"));
    }

    [Fact]
    public async Task RightPassword_ForgetsTheWrongOnesBefore()
    {
        var member = await members.AddAsync(options);
        await RegisterAsync(member);
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal(HttpStatusCode.Unauthorized, await SignInAsync(member, "wrong"));
            Assert.Equal(HttpStatusCode.Unauthorized, await SignInAsync(member, "wrong again"));

            // What was verified once is not counted or forgotten: another spelling of the same password.
            Assert.Equal(HttpStatusCode.OK, await SignInAsync(member, "s3cr3t", scheme: i switch { 0 => "Basic", 1 => "basic", _ => "BASIC" }));
        }
    }

    [Fact]
    public async Task Counts_WhoseWindowIsOver_AreRemoved_AndWhoHasOneInMemoryCountsOn()
    {
        var clock = new ShiftedClock();
        var member = await members.AddAsync(options, clock);
        await RegisterAsync(member);
        Assert.Equal(HttpStatusCode.Unauthorized, await SignInAsync(member, "wrong"));
        Assert.Equal(2L, await PostgresServer.QueryAsync(options.Postgres.Connection!, "SELECT count(*) FROM grain_states"));

        // As long as the longest window, by the database's clock; what a crowd left is removed in steps.
        await PostgresServer.ExecuteAsync(
            options.Postgres.Connection!,
            """
            UPDATE grain_states SET modified = now() - interval '1 day 1 min';
            INSERT INTO grain_states (service, grain_type, key, n0, n1, version, modified)
            SELECT 'lockstep', 'state', 'over ' || n, 0, 0, 1, now() - interval '1 day 1 min' FROM generate_series(1, 5) n;
            INSERT INTO grain_states (service, grain_type, key, n0, n1, version, modified) VALUES ('lockstep', 'state', 'not over', 0, 0, 1, now() - interval '23 h')
            """);
        while (await member.Services.GetRequiredService<EndedCounts>().PurgeAsync(limit: 2, CancellationToken.None))
        {
        }

        Assert.Equal("not over", await PostgresServer.QueryAsync(options.Postgres.Connection!, "SELECT string_agg(key, ',') FROM grain_states"));
        clock.Shift = TimeSpan.FromDays(1);
        Assert.Equal(HttpStatusCode.OK, await SignInAsync(member, "s3cr3t"));
        for (var i = 0; i < options.Accounts.MaxFailures; i++)
        {
            Assert.Equal(HttpStatusCode.Unauthorized, await SignInAsync(member, "wrong"));
        }

        Assert.Equal(HttpStatusCode.TooManyRequests, await SignInAsync(member, "wrong"));
    }

    [Fact]
    public async Task Throttle_StorageIsAway_SignsNobodyIn()
    {
        var member = await members.AddAsync(options);
        await RegisterAsync(member);
        await PostgresServer.ExecuteAsync(options.Postgres.Connection!, "ALTER TABLE grain_states RENAME TO grain_states_away");

        Assert.Equal(HttpStatusCode.ServiceUnavailable, await SignInAsync(member, "wrong"));

        await PostgresServer.ExecuteAsync(options.Postgres.Connection!, "ALTER TABLE grain_states_away RENAME TO grain_states");
        await Eventually.HoldsAsync("judging passwords again", async () => await SignInAsync(member, "wrong") == HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task AccountDeleted_ThroughAGateway_TakesItsBucketsWithIt()
    {
        await members.AddAsync(Silo);
        var gateway = await members.AddAsync(Gateway);
        await RegisterAsync(gateway);
        Assert.Equal(HttpStatusCode.Created, (await PutAsync(gateway, "a")).StatusCode);

        Assert.True(await gateway.Services.GetRequiredService<AccountDirectory>().DeleteAsync("alice", CancellationToken.None));

        Assert.Equal(0L, await PostgresServer.QueryAsync(options.Postgres.Connection!, "SELECT count(*) FROM buckets WHERE live"));
    }

    /// <summary>Asks again each time the gateway has looked which silos there are: every two seconds.</summary>
    private static async Task UntilAsync(WebApplication gateway, Func<Task<bool>> condition)
    {
        var routes = gateway.Services.GetRequiredService<SiloRoutes>();
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (!await condition())
        {
            await routes.Look.WaitAsync(patience.Token);
        }
    }

    private static Uri At(WebApplication member, string path) => new(new Uri(member.Urls.First()), path);

    private static AuthenticationHeaderValue Basic(string password, string scheme = "Basic") =>
        new(scheme, Convert.ToBase64String(Encoding.UTF8.GetBytes($"alice:{password}")));

    private async Task<HttpStatusCode> StatusAsync(WebApplication member, string path)
    {
        using var answer = await http.GetAsync(At(member, path));
        return answer.StatusCode;
    }

    private static async Task RegisterAsync(WebApplication member) =>
        Assert.NotNull(await member.Services.GetRequiredService<AccountDirectory>().AddAsync("alice", "s3cr3t", CancellationToken.None));

    private async Task<HttpStatusCode> SignInAsync(WebApplication member, string password, string scheme = "Basic")
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, At(member, "/v1/buckets")) { Headers = { Authorization = Basic(password, scheme) } };
        using var answer = await http.SendAsync(request);
        return answer.StatusCode;
    }

    private async Task<HttpResponseMessage> PutAsync(WebApplication member, string id, bool onlyNew = false)
    {
        using var request = new HttpRequestMessage(HttpMethod.Put, At(member, $"/v1/buckets/default/collections/tasks/records/{id}"))
        {
            Headers = { Authorization = Basic("s3cr3t") },
            Content = new StringContent("""{"data":{}}""", Encoding.UTF8, "application/json"),
        };
        if (onlyNew)
        {
            request.Headers.TryAddWithoutValidation("If-None-Match", "*");
        }

        return await http.SendAsync(request);
    }

    /// <summary>The machine's wall clock, some time later.</summary>
    private sealed class ShiftedClock : TimeProvider
    {
        public TimeSpan Shift { get; set; }

        public override DateTimeOffset GetUtcNow() => System.GetUtcNow() + Shift;
    }
}
