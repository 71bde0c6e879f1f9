using System.Net;
using System.Net.Sockets;
using Lockstep.Storage.PostgreSql.Testing;
using Npgsql;

namespace Lockstep.EndToEnd;

/// <summary>The connection to PostgreSQL: one that is wrong stops the start in one line, and its password is never written.</summary>
public sealed class ConnectionTests : IAsyncLifetime
{
    private const string Password = "n0b0dys-bus1ness";

    private TestStorage storage = null!;

    public async Task InitializeAsync() => storage = await TestStorage.CreateAsync();

    public async Task DisposeAsync() => await storage.DisposeAsync();

    [Theory]
    [InlineData(Password)]
    [InlineData($"postgres://lockstep:{Password}@127.0.0.1:many/lockstep")]
    [InlineData($"postgres://127.0.0.1:1/lockstep?user=lockstep&password=a&{Password}")]
    [InlineData($"postgres://lockstep:{Password}@127.0.0.1:1/lockstep?target_session_attrs=read-write")]
    [InlineData($"Host=127.0.0.1;Pasword={Password}")]
    [InlineData($"Host=127.0.0.1;Port={Password}")]
    [InlineData($"Host=127.0.0.1;Password=\"{Password}")]
    [InlineData($"Username=lockstep;Password={Password}")]
    [InlineData($"Host=127.0.0.1;Port=70000;Password={Password}")]
    [InlineData($"Host=127.0.0.1;Port=1;Minimum Pool Size=1000;Password={Password}")]
    public async Task Connection_ThatIsNone_StopsTheStart(string connection) =>
        Assert.Contains("Postgres:Connection", await RefusedAsync(connection, Password), StringComparison.Ordinal);

    [Fact]
    public async Task Connection_WhereNothingListens_StopsTheStart()
    {
        // Bound, so that nobody else listens there meanwhile.
        using var silent = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        silent.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        var port = ((IPEndPoint)silent.LocalEndPoint!).Port;

        var output = await RefusedAsync($"Host=127.0.0.1;Port={port};Database=lockstep;Username=lockstep;Password={Password}", Password);

        Assert.Contains("cannot be used", output, StringComparison.Ordinal);
        Assert.Contains($"127.0.0.1:{port}", output, StringComparison.Ordinal);
    }

    [PostgresFact("It needs a server that refuses a password.")]
    public async Task Connection_WithAWrongPassword_StopsTheStart() =>
        Assert.Contains(
            "password authentication failed",
            await RefusedAsync(new NpgsqlConnectionStringBuilder(storage.Connection) { Password = Password }.ConnectionString, Password),
            StringComparison.Ordinal);

    [PostgresFact("It needs a server without such a database.")]
    public async Task Connection_ToNoDatabase_StopsTheStart()
    {
        var connection = new NpgsqlConnectionStringBuilder(storage.Connection) { Database = "lockstep_of_nobody" };
        Assert.Contains("\"lockstep_of_nobody\" does not exist", await RefusedAsync(connection.ConnectionString, connection.Password!), StringComparison.Ordinal);
    }

    [PostgresFact("It needs a server that can be told so.")]
    public async Task Connection_WhoseCommitsAreNotFlushed_StopsTheStart()
    {
        var connection = new NpgsqlConnectionStringBuilder(storage.Connection);
        await PostgresServer.ExecuteAsync(storage.Connection!, $"ALTER ROLE CURRENT_USER IN DATABASE {connection.Database} SET synchronous_commit = off");

        Assert.Contains("synchronous_commit is off", await RefusedAsync(connection.ConnectionString, connection.Password!), StringComparison.Ordinal);
    }

    [PostgresFact("Two servers on one SQLite file are refused.")]
    public async Task SecondServer_OnTheSameDatabase_ServesTheSameData()
    {
        using var other = new TemporaryDirectory();
        var (first, firstAddress) = await ServerProcess.StartAsync(storage);
        using (first)
        {
            var (second, secondAddress) = await ServerProcess.StartAsync(other.Path, environment: storage.EnvironmentOfAnother());
            using (second)
            {
                using var here = new Device(firstAddress, "alice", "s3cr3t");
                using var there = new Device(secondAddress, "alice", "s3cr3t");
                await here.RegisterAsync("alice", "s3cr3t");
                var (_, written) = await here.PutAsync("a");
                var (status, later) = await there.PutAsync("b");

                Assert.Equal(HttpStatusCode.Created, status);
                Assert.True(later > written);
                Assert.Equal(["a", "b"], (await there.ListAsync()).Records.Keys.Order());
                Assert.Equal(HttpStatusCode.Created, (await here.PutAsync("c")).Status);
                Assert.Equal(["a", "b", "c"], (await here.ListAsync()).Records.Keys.Order());
            }
        }
    }

    [PostgresFact("There is no password on SQLite.")]
    public async Task Password_OfTheConnection_IsNeverWritten_AlsoWhenTheDatabaseIsLost()
    {
        var password = new NpgsqlConnectionStringBuilder(storage.Connection).Password!;
        var (server, address) = await ServerProcess.StartAsync(storage, ["--postgres:decision-timeout", "00:00:01"]);
        using (server)
        {
            using var alice = new Device(address, "alice", "s3cr3t");
            await alice.RegisterAsync("alice", "s3cr3t");
            Assert.Equal(HttpStatusCode.Created, (await alice.PutAsync("a")).Status);

            await PostgresServer.DropDatabaseAsync(storage.Connection!);

            Assert.Equal(HttpStatusCode.ServiceUnavailable, (await alice.PutAsync("b")).Status);
            server.Terminate();
            Assert.Equal(0, await server.EndAsync());
            Assert.Contains("\"LogLevel\":\"Error\"", server.Output, StringComparison.Ordinal);
            Assert.DoesNotContain(password, server.Output, StringComparison.Ordinal);
        }
    }

    /// <summary>Starts a server there, and a command, which must both end at once.</summary>
    /// <returns>What the server wrote.</returns>
    private async Task<string> RefusedAsync(string connection, string password)
    {
        var environment = TestStorage.OnPostgres(connection);
        var (code, output) = await ServerProcess.RunAsync(["--data-directory", storage.Directory, "--urls", "http://127.0.0.1:0"], environment: environment);
        Assert.Equal(1, code);
        Assert.Single(output.Split('\n'));
        Assert.DoesNotContain("Exception", output, StringComparison.Ordinal);
        Assert.DoesNotContain(password, output, StringComparison.OrdinalIgnoreCase);
        Assert.Equal((1, output), await ServerProcess.RunAsync(["account", "list", "--data-directory", storage.Directory], environment: environment));
        return output;
    }
}
