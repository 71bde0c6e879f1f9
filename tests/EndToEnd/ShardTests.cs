using System.Net;
using Lockstep.Storage.Contract;
using Lockstep.Storage.PostgreSql.Testing;
using Npgsql;

namespace Lockstep.EndToEnd;

/// <summary>A server, and its commands, on two databases.</summary>
public sealed class ShardTests : IAsyncLifetime
{
    private const string Reason = "SQLite is one database.";
    private readonly TemporaryDirectory directory = new();
    private readonly List<string> databases = [];

    public async Task InitializeAsync()
    {
        for (var i = 0; i < 2 && PostgresServer.IsChosen; i++)
        {
            databases.Add(await PostgresServer.CreateEmptyDatabaseAsync());
        }
    }

    public async Task DisposeAsync()
    {
        directory.Dispose();
        await PostgresServer.DropDatabasesAsync(databases);
    }

    [PostgresFact(Reason)]
    public async Task AccountRemoved_HasNothingLeftInAnyDatabase()
    {
        Assert.Equal((0, "The schema is at version"), Shorten(await RunAsync(databases, "migrate"), 25));
        Assert.Equal(0, (await ServerProcess.RunAsync(["account", "add", "alice"], "s3cr3t", Environment(databases))).Code);
        var (server, address) = await StartAsync();
        using (server)
        {
            using var http = new HttpClient { BaseAddress = address };
            http.DefaultRequestHeaders.Authorization = new("Basic", Convert.ToBase64String("alice:s3cr3t"u8));
            for (var i = 0; i < 20; i++)
            {
                Assert.Equal(HttpStatusCode.Created, (await http.PutAsync($"/v1/buckets/named{i}", content: null)).StatusCode);
            }

            using var alice = new Device(address, "alice", "s3cr3t");
            Assert.Equal(HttpStatusCode.Created, (await alice.PutAsync("a")).Status);
            Assert.Equal(21, (await http.GetStringAsync("/v1/buckets")).Split("\"last_modified\"").Length - 1);
            foreach (var database in databases)
            {
                Assert.NotEqual(0L, await PostgresServer.QueryAsync(database, "SELECT count(*) FROM buckets WHERE author = 'account:alice'"));
            }
        }

        Assert.Equal((0, "Account 'alice' and all its data are deleted."), await RunAsync(databases, "account", "remove", "alice"));

        foreach (var database in databases)
        {
            Assert.Equal(0L, await PostgresServer.QueryAsync(database, "SELECT count(*) FROM buckets WHERE live OR author IS NOT NULL"));
        }
    }

    [PostgresFact(Reason)]
    public async Task DatabaseThatIsGone_StopsItsUsersAlone()
    {
        var (server, address) = await StartAsync();
        using (server)
        {
            var devices = Enumerable.Range(0, 24).Select(i => new Device(address, $"user{i}", "s3cr3t")).ToList();
            for (var i = 0; i < devices.Count; i++)
            {
                await devices[i].RegisterAsync($"user{i}", "s3cr3t");
                Assert.Equal(HttpStatusCode.Created, (await devices[i].PutAsync("a")).Status);
            }

            var first = (long)(await PostgresServer.QueryAsync(databases[0], "SELECT count(*) FROM buckets"))!;
            Assert.InRange(first, 1, devices.Count - 1);
            await PostgresServer.DropDatabaseAsync(databases[1]);

            var statuses = new List<HttpStatusCode>();
            foreach (var device in devices)
            {
                statuses.Add((await device.PutAsync("b")).Status);
                device.Dispose();
            }

            Assert.Equal(first, statuses.Count(static status => status == HttpStatusCode.Created));
            Assert.Equal(devices.Count - first, statuses.Count(static status => status == HttpStatusCode.ServiceUnavailable));
            using var http = new HttpClient { BaseAddress = address };
            Assert.Equal(HttpStatusCode.OK, (await http.GetAsync("/v1/__heartbeat__")).StatusCode);
            server.Terminate();
            Assert.Equal(0, await server.EndAsync());
        }
    }

    [PostgresFact(Reason)]
    public async Task DatabaseThatIsAway_KeepsNobodyFromRegistering_AndAnAccountFromGoingUntilItIsBack()
    {
        await using var killed = await OwnPostgres.StartAsync();
        string[] connections = [databases[0], killed.Connection];
        var (server, address) = await ServerProcess.StartAsync(directory.Path, [], Environment(connections));
        using (server)
        {
            using var http = new HttpClient { BaseAddress = address };
            using var leaver = new Device(address, "leaver", "s3cr3t");
            await leaver.RegisterAsync("leaver", "s3cr3t");
            Assert.Equal(HttpStatusCode.Created, (await leaver.PutAsync("a")).Status);
            await killed.KillAsync();

            // :: Away
            using var newcomer = new Device(address, "newcomer", "s3cr3t");
            await newcomer.RegisterAsync("newcomer", "s3cr3t").WaitAsync(TimeSpan.FromSeconds(10));
            using (var delete = new HttpRequestMessage(HttpMethod.Delete, "/v1/accounts/leaver"))
            {
                delete.Headers.Authorization = new("Basic", Convert.ToBase64String("leaver:s3cr3t"u8));
                Assert.Equal(HttpStatusCode.ServiceUnavailable, (await http.SendAsync(delete)).StatusCode);
            }

            Assert.Equal(HttpStatusCode.Unauthorized, (await leaver.PutAsync("b")).Status);
            Assert.Equal(1L, await PostgresServer.QueryAsync(databases[0], "SELECT count(*) FROM accounts WHERE name = 'leaver'"));

            // :: Back
            await killed.RestartAsync();
            await Eventually.HoldsAsync("deleted after all", async () =>
                (long)(await PostgresServer.QueryAsync(databases[0], "SELECT count(*) FROM accounts WHERE name = 'leaver'"))! == 0);

            foreach (var connection in connections)
            {
                Assert.Equal(0L, await PostgresServer.QueryAsync(connection, "SELECT count(*) FROM buckets WHERE live AND author = 'account:leaver'"));
                Assert.Equal(1L, await PostgresServer.QueryAsync(connection, "SELECT count(*) FROM closed_accounts"));
            }

            await leaver.RegisterAsync("leaver", "s3cr3t");
        }
    }

    [PostgresFact(Reason)]
    public async Task SettingsThatDoNotFit_StopServerAndCommandsWithOneLine()
    {
        Assert.Equal(0, (await RunAsync(databases, "migrate")).Code);
        foreach (var (connections, said) in new (IReadOnlyList<string>, string)[]
        {
            ([databases[1], databases[0]], "Postgres:Connection names database 1 of its cluster"),
            ([databases[0]], "Missing: Postgres:Shards:1 (virtual shards 512-1023)."),
            ([databases[0], databases[0]], "Postgres:Shards:1 names the home database"),
        })
        {
            foreach (var command in new string[][] { [], ["account", "list"], ["migrate"] })
            {
                var (code, output) = await RunAsync(connections, command);
                Assert.Equal(1, code);
                Assert.Contains(said, Assert.Single(output.Split('\n')), StringComparison.Ordinal);
                Assert.DoesNotContain(new NpgsqlConnectionStringBuilder(databases[0]).Password!, output, StringComparison.Ordinal);
            }
        }

        Assert.Equal((2, "'copy' fills one database"), Shorten(await RunAsync(databases, "copy"), 25));
        var list = await ServerProcess.RunAsync(["account", "list"], environment: new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["LOCKSTEP_POSTGRES__CONNECTION"] = databases[0],
            ["LOCKSTEP_POSTGRES__SHARDS"] = databases[1],
        });
        Assert.Contains("Name each further database by its number", list.Output, StringComparison.Ordinal);
        Assert.DoesNotContain(databases[1], list.Output, StringComparison.Ordinal);
        var without = await ServerProcess.RunAsync(["account", "list"], environment: new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["LOCKSTEP_POSTGRES__SHARDS__1"] = databases[1],
        });
        Assert.Contains("Postgres:Shards is set and Postgres:Connection is not", without.Output, StringComparison.Ordinal);
    }

    private static (int Code, string Output) Shorten((int Code, string Output) ended, int length) =>
        (ended.Code, ended.Output[..Math.Min(length, ended.Output.Length)].TrimEnd());

    private static Dictionary<string, string> Environment(IReadOnlyList<string> connections)
    {
        var environment = TestStorage.OnPostgres(connections[0]);
        for (var number = 1; number < connections.Count; number++)
        {
            environment.Add($"LOCKSTEP_POSTGRES__SHARDS__{number}", connections[number]);
        }

        return environment;
    }

    private Task<(ServerProcess Server, Uri Address)> StartAsync() => ServerProcess.StartAsync(directory.Path, [], Environment(databases));

    private Task<(int Code, string Output)> RunAsync(IReadOnlyList<string> connections, params string[] arguments) =>
        ServerProcess.RunAsync([.. arguments, "--data-directory", directory.Path], environment: Environment(connections));
}
