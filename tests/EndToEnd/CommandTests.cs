using System.Net;
using System.Text.Json;
using Lockstep.Storage.Contract;
using Lockstep.Storage.PostgreSql.Testing;

namespace Lockstep.EndToEnd;

/// <summary>The command line: accounts, settings, and what stops a server from starting.</summary>
public sealed class CommandTests : IAsyncLifetime
{
    private TestStorage storage = null!;

    public async Task InitializeAsync() => storage = await TestStorage.CreateAsync();

    public async Task DisposeAsync() => await storage.DisposeAsync();

    [Fact]
    public async Task Accounts_MadeAndChangedOnTheCommandLine_AlsoBesideARunningServer_AndRemovedAfterIt()
    {
        Assert.Equal((0, "Account 'alice' is made."), await AccountAsync("s3cr3t", "add", "alice"));
        Assert.Equal(1, (await AccountAsync("s3cr3t", "add", "alice")).Code);
        Assert.Equal(2, (await AccountAsync("short", "add", "bob")).Code);
        Assert.Equal(2, (await AccountAsync("s3cr3t", "add", "-bob")).Code);
        Assert.Equal(1, (await AccountAsync("s3cr3t", "password", "nobody")).Code);
        Assert.Equal(2, (await AccountAsync(null, "fly")).Code);

        var (server, address) = await ServerProcess.StartAsync(storage, ["--accounts:registration", "closed", "--accounts:cache-time", "00:00:00"]);
        using (server)
        {
            using var alice = new Device(address, "alice", "s3cr3t");
            Assert.Equal(HttpStatusCode.Created, (await alice.PutAsync("a")).Status);
            Assert.Equal(0, (await AccountAsync("s3cr3t", "add", "bob")).Code);
            using var bob = new Device(address, "bob", "s3cr3t");
            Assert.Equal(HttpStatusCode.OK, await bob.StatusAsync());
            Assert.Equal(0, (await AccountAsync("changed-1", "password", "bob")).Code);
            Assert.Equal(HttpStatusCode.Unauthorized, await bob.StatusAsync());
            Assert.Equal((0, "Account 'alice' is disabled. Its data stays."), await AccountAsync(null, "disable", "alice"));
            Assert.Equal(HttpStatusCode.Unauthorized, await alice.StatusAsync());
            Assert.Equal((0, "Account 'alice' is enabled."), await AccountAsync(null, "enable", "alice"));
            Assert.Equal(HttpStatusCode.OK, await alice.StatusAsync());
            var (code, link) = await AccountAsync(null, "invite", "--name", "carol");
            Assert.True(code == 0 && link.Contains("/admin/invitation#invitation=", StringComparison.Ordinal) && link.EndsWith("&name=carol", StringComparison.Ordinal), link);
            server.Terminate();
            Assert.Equal(0, await server.EndAsync());
            Assert.DoesNotContain("s3cr3t", server.Output, StringComparison.Ordinal);
        }

        Assert.Equal(0, (await AccountAsync(null, "remove", "alice")).Code);
        Assert.Equal(1, (await AccountAsync(null, "remove", "alice")).Code);
        Assert.Equal((0, "bob"), await AccountAsync(null, "list"));
    }

    [Fact]
    public async Task Quotas_SetListedAndRemovedOnTheCommandLine_HoldBesideARunningServer()
    {
        Assert.Equal(0, (await AccountAsync("s3cr3t", "add", "alice")).Code);
        var (server, address) = await ServerProcess.StartAsync(storage, ["--buckets:quotas:refresh-time", "00:00:00.02", "--buckets:quotas:user-time", "00:00:00.02"]);
        using (server)
        {
            using var alice = new Device(address, "alice", "s3cr3t");
            Assert.Equal(HttpStatusCode.Created, (await alice.PutAsync("a")).Status);

            Assert.Equal((0, "account:alice may hold default bytes and 1 records."), await QuotaAsync("set", "account:alice", "default", "1"));
            await Eventually.HoldsAsync("limited", async () => (await alice.PutAsync($"b{Guid.NewGuid():N}")).Status == HttpStatusCode.InsufficientStorage);

            Assert.Equal((0, "account:alice may hold what the settings say."), await QuotaAsync("remove", "account:alice"));
            await Eventually.HoldsAsync("limited no more", async () => (await alice.PutAsync("c")).Status is HttpStatusCode.Created or HttpStatusCode.OK);
        }

        Assert.Equal((0, ""), await QuotaAsync("list"));
        Assert.Equal((1, "No quota is set for account:alice."), await QuotaAsync("remove", "account:alice"));
        Assert.Equal((0, "/buckets/u:x may hold 5 bytes and unlimited records."), await QuotaAsync("set", "/buckets/u:x", "5", "0"));
        Assert.Equal((0, "/buckets/u:x 5 bytes unlimited records"), await QuotaAsync("list"));
        foreach (var wrong in new string[][] { ["set", "alice", "1", "1"], ["set", "/buckets/a", "-1", "1"], ["set", "/buckets/a", "default", "default"], ["set", "/buckets/a"], ["fly"] })
        {
            Assert.Equal(2, (await QuotaAsync(wrong)).Code);
        }
    }

    [SqliteFact("Several servers may use one PostgreSQL database.")]
    public async Task AccountRemove_BesideARunningServer_OnSqlite_IsRefused()
    {
        Assert.Equal(0, (await AccountAsync("s3cr3t", "add", "alice")).Code);
        var (server, address) = await ServerProcess.StartAsync(storage);
        using (server)
        {
            var refused = await AccountAsync(null, "remove", "alice");
            Assert.Equal(1, refused.Code);
            Assert.Contains("Another server is using", refused.Output, StringComparison.Ordinal);
            using var alice = new Device(address, "alice", "s3cr3t");
            Assert.Equal(HttpStatusCode.OK, await alice.StatusAsync());
        }
    }

    [PostgresFact("The SQLite file belongs to the running server.")]
    public async Task AccountRemove_BesideARunningServer_OnPostgres_TakesTheAccountAndItsData()
    {
        Assert.Equal(0, (await AccountAsync("s3cr3t", "add", "alice")).Code);
        Assert.Equal(0, (await AccountAsync("s3cr3t", "add", "bob")).Code);
        var (server, address) = await ServerProcess.StartAsync(storage, ["--accounts:cache-time", "00:00:00"]);
        using (server)
        {
            using var alice = new Device(address, "alice", "s3cr3t");
            using var bob = new Device(address, "bob", "s3cr3t");
            Assert.Equal(HttpStatusCode.Created, (await alice.PutAsync("a")).Status);
            Assert.Equal(HttpStatusCode.Created, (await bob.PutAsync("b")).Status);

            Assert.Equal((0, "Account 'alice' and all its data are deleted."), await AccountAsync(null, "remove", "alice"));

            Assert.Equal(HttpStatusCode.Unauthorized, await alice.StatusAsync());
            Assert.Equal((0, "bob"), await AccountAsync(null, "list"));
            Assert.Equal(0, (await AccountAsync("s3cr3t", "add", "alice")).Code);
            Assert.Empty((await alice.ListAsync()).Records);
            Assert.Equal(["b"], (await bob.ListAsync()).Records.Keys);
        }
    }

    [SqliteFact("Several servers may use one PostgreSQL database.")]
    public async Task SecondServer_OnTheSameDirectory_IsRefusedClearly_AndTheFirstGoesOn()
    {
        var (server, address) = await ServerProcess.StartAsync(storage);
        using (server)
        {
            var second = await ServerProcess.RunAsync(["--data-directory", storage.Directory, "--urls", "http://127.0.0.1:0"]);

            Assert.Equal(1, second.Code);
            Assert.Contains("Another server is using", second.Output, StringComparison.Ordinal);
            using var device = new Device(address, "alice", "s3cr3t");
            await device.RegisterAsync("alice", "s3cr3t");
            Assert.Equal(HttpStatusCode.Created, (await device.PutAsync("a")).Status);
        }
    }

    [Theory]
    [InlineData("Kinto:Fly", "--kinto:fly", "high")]
    [InlineData("Kinto:BatchMaxRequests", "--kinto:batch-max-requests", "many")]
    [InlineData("Kinto:BatchMaxRequests", "--kinto:batch-max-requests", "0")]
    [InlineData("Urls", "--urls", "nowhere")]
    [InlineData("LogFormat", "--log-format", "xml")]
    [InlineData("Urls", "--urls", "https://127.0.0.1:0")]
    [InlineData("Urls", "--urls", "http://locahost:8888")]
    [InlineData("Urls", "--urls", "http://127.0.0.1:0/path")]
    [InlineData("Urls", "--urls", "")]
    [InlineData("Urls", "--urls", "http://unix:/nonexistent/x.sock")]
    [InlineData("ShutdownTimeout", "--shutdown-timeout", "60")]
    [InlineData("MaxHeaderBytes", "--http:max-header-bytes", "600000000")]
    [InlineData("Registration", "--accounts:registration", "5")]
    [InlineData("Accounts:CacheTime", "--accounts:cache-time", "30")]
    [InlineData("Accounts:Registration", "--accounts:registration", "maybe")]
    [InlineData("Http:TrustedProxies", "--http:trusted-proxies", "10.0.0.0/99")]
    [InlineData("Http:PublicUrl", "--http:public-url", "sync.example.org")]
    [InlineData("Http:PublicUrl", "--http:public-url", "https://sync.example.org/v1/")]
    [InlineData("Postgres:Fly", "--postgres:fly", "high")]
    [InlineData("Postgres:MaxConnections", "--postgres:max-connections", "3")]
    [InlineData("fly", "fly", "high")]
    public async Task Setting_ThatCannotBe_StopsTheStartWithAMessageThatNamesIt(string name, string argument, string value)
    {
        var (code, output) = await ServerProcess.RunAsync(["--data-directory", storage.Directory, argument, value], environment: storage.Environment);

        Assert.Equal(1, code);
        Assert.Contains(name.Split(':')[^1], output, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("   at ", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Settings_FromTheEnvironment_CountUnlessTheCommandLineSaysOtherwise()
    {
        var environment = new Dictionary<string, string>(storage.Environment, StringComparer.Ordinal)
        {
            ["LOCKSTEP_KINTO__BATCH_MAX_REQUESTS"] = "7",
            ["LOCKSTEP_KINTO__PROJECT_NAME"] = "Env",
        };
        var (server, address) = await ServerProcess.StartAsync(storage.Directory, ["--kinto:project-name", "Line"], environment);
        using (server)
        {
            using var http = new HttpClient();
            var root = JsonDocument.Parse(await http.GetStringAsync(new Uri(address, "/v1/"))).RootElement;
            Assert.Equal(7, root.GetProperty("settings").GetProperty("batch_max_requests").GetInt32());
            Assert.Equal("Line", root.GetProperty("project_name").GetString());
        }
    }

    [Fact]
    public async Task Start_SaysWhereItListensAndWhereDataLies_InJsonLines()
    {
        var (server, address) = await ServerProcess.StartAsync(storage);
        using (server)
        {
            server.Terminate();
            Assert.Equal(0, await server.EndAsync());
            var lines = server.Output.Split('\n');
            Assert.All(lines, line => Assert.Equal(JsonValueKind.Object, JsonDocument.Parse(line).RootElement.ValueKind));
            Assert.Contains($"{address}v1/", server.Output, StringComparison.Ordinal);
            Assert.Contains(storage.Describe(), server.Output, StringComparison.Ordinal);
            Assert.Contains("Registration is closed, except from this machine", server.Output, StringComparison.Ordinal);
            Assert.Contains("account add NAME", server.Output, StringComparison.Ordinal);
        }
    }

    [SqliteFact("There is no file of the server on PostgreSQL.")]
    public async Task Database_ThatIsNone_StopsTheStartWithAMessage()
    {
        await File.WriteAllTextAsync(Path.Combine(storage.Directory, "lockstep.db"), new string('x', 10_000));
        var (code, output) = await ServerProcess.RunAsync(["--data-directory", storage.Directory]);

        Assert.Equal(1, code);
        Assert.Contains("is not a SQLite database", output, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Address_InUse_StopsTheStartWithAMessage()
    {
        var (server, address) = await ServerProcess.StartAsync(storage);
        using (server)
        {
            using var other = new TemporaryDirectory();
            var (code, output) = await ServerProcess.RunAsync(["--data-directory", other.Path, "--urls", address.ToString()], environment: storage.Environment);
            Assert.Equal(1, code);
            Assert.Contains("set Urls", output, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Socket_OfTheFileSystem_CanBeListenedOn_AndIsNoPlaceToRegister()
    {
        var socket = Path.Combine(storage.Directory, "lockstep.sock");
        var (server, _) = await ServerProcess.StartAsync(storage, ["--urls", $"http://127.0.0.1:0;http://unix:{socket}"]);
        using (server)
        {
            using var http = new HttpClient(new SocketsHttpHandler
            {
                ConnectCallback = async (_, cancellationToken) =>
                {
                    var connection = new System.Net.Sockets.Socket(System.Net.Sockets.AddressFamily.Unix, System.Net.Sockets.SocketType.Stream, System.Net.Sockets.ProtocolType.Unspecified);
                    await connection.ConnectAsync(new System.Net.Sockets.UnixDomainSocketEndPoint(socket), cancellationToken);
                    return new System.Net.Sockets.NetworkStream(connection, ownsSocket: true);
                },
            });
            Assert.Equal(HttpStatusCode.OK, (await http.GetAsync(new Uri("http://localhost/v1/"))).StatusCode);
            using var content = new StringContent("""{"data":{"password":"s3cr3t"}}""", System.Text.Encoding.UTF8, "application/json");
            Assert.Equal(HttpStatusCode.Unauthorized, (await http.PutAsync(new Uri("http://localhost/v1/accounts/x"), content)).StatusCode);
            server.Kill();
            await server.EndAsync();
        }

        // What the killed one left behind is in nobody's way.
        Assert.True(File.Exists(socket));
        var (again, _) = await ServerProcess.StartAsync(storage, ["--urls", $"http://127.0.0.1:0;http://unix:{socket}"]);
        again.Dispose();
    }

    private async Task<(int Code, string Output)> QuotaAsync(params string[] command) =>
        await ServerProcess.RunAsync(["quota", .. command, "--data-directory", storage.Directory], environment: storage.Environment);

    private async Task<(int Code, string Output)> AccountAsync(string? password, params string[] command) =>
        await ServerProcess.RunAsync(["account", .. command, "--data-directory", storage.Directory, "--accounts:password-iterations", "1000"], password, storage.Environment);
}
