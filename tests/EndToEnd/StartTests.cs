using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Lockstep.Storage.Contract;
using Lockstep.Storage.PostgreSql.Testing;

namespace Lockstep.EndToEnd;

/// <summary>What a server opens, and what it says when it may not start or is to stop at once.</summary>
public sealed class StartTests : IAsyncLifetime
{
    private TestStorage storage = null!;

    public async Task InitializeAsync() => storage = await TestStorage.CreateAsync();

    public async Task DisposeAsync() => await storage.DisposeAsync();

    /// <summary>A silo believes whoever reaches its port, and on a loopback address that is every user of the machine.</summary>
    [SqliteFact("On PostgreSQL others may join.")]
    public async Task Server_Alone_ListensForHttpAndNothingElse()
    {
        var (server, address) = await ServerProcess.StartAsync(storage);
        using (server)
        {
            Assert.Equal([address.Port], ListeningPorts(server.Id));
        }
    }

    [Fact]
    public async Task SameCommand_StartedTwice_IsRefusedInOneLine_AndTheFirstGoesOn()
    {
        var (server, address) = await ServerProcess.StartAsync(storage);
        using (server)
        {
            var (code, output) = await ServerProcess.RunAsync(["--data-directory", storage.Directory, "--urls", address.ToString()], environment: storage.Environment);

            Assert.Equal(1, code);
            Assert.Contains(PostgresServer.IsChosen ? "Cannot listen on" : "Another server is using", Assert.Single(output.Split('\n'), line => !line.StartsWith('{')), StringComparison.Ordinal);
            using var device = new Device(address, "alice", "s3cr3t");
            await device.RegisterAsync("alice", "s3cr3t");
            Assert.Equal(HttpStatusCode.Created, (await device.PutAsync("a")).Status);
        }
    }

    /// <summary>As with several servers of 0.1.0 on one machine and one database.</summary>
    [PostgresFact("SQLite belongs to one server at a time.")]
    public async Task SecondServer_OnTheSameSiloPorts_IsToldWhichSettingsToChange_AndTheFirstGoesOn()
    {
        var (server, address) = await ServerProcess.StartAsync(storage);
        using (server)
        {
            var (code, output) = await ServerProcess.RunAsync(["--urls", "http://127.0.0.1:0"], environment: storage.Environment);

            Assert.Equal(1, code);
            Assert.Contains("Cluster:SiloPort", Assert.Single(output.Split('\n'), line => !line.StartsWith('{')), StringComparison.Ordinal);
            using var device = new Device(address, "alice", "s3cr3t");
            await device.RegisterAsync("alice", "s3cr3t");
            Assert.Equal(HttpStatusCode.Created, (await device.PutAsync("a")).Status);
        }
    }

    [PostgresFact("A server that is alone joins at once.")]
    public async Task Sigterm_WhileItWaitsToJoin_EndsItWithZero()
    {
        // Somebody else's loopback address stands in its way, until that has given no sign of life for long.
        Assert.Equal(0, (await ServerProcess.RunAsync(["migrate"], environment: storage.Environment)).Code);
        await PostgresServer.ExecuteAsync(
            storage.Connection!,
            """
            INSERT INTO clusters (cluster) VALUES ('lockstep');
            INSERT INTO silos (cluster, address, port, generation, name, host, status, gateway_port, started, alive)
            VALUES ('lockstep', '127.0.0.1', 1, 1, 'other', 'other', 3, 0, now(), now())
            """);
        var address = new Uri($"http://127.0.0.1:{Testing.FreePorts.Take(1)[0]}");
        using var server = ServerProcess.Start(["--urls", address.ToString()], storage.Environment);
        using var http = new HttpClient();
        await Eventually.HoldsAsync("listening", () => IsAnsweredAsync(http, address));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, await StatusAsync(http, new Uri(address, "/health/ready")));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(http, new Uri(address, "/health/live")));

        server.Terminate();

        Assert.Equal(0, await server.EndAsync());
        Assert.DoesNotContain("   at ", server.Output, StringComparison.Ordinal);
        Assert.Equal(1L, await PostgresServer.QueryAsync(storage.Connection!, "SELECT count(*) FROM silos"));
    }

    /// <summary>Orleans would go on asking a silo that takes connections and says nothing, for minutes.</summary>
    [PostgresFact("A server that is alone joins at once.")]
    public async Task Sigterm_WhileItJoins_EndsItWithZero_AndSoon()
    {
        using var hung = new TcpListener(IPAddress.Loopback, 0);
        hung.Start();
        Assert.Equal(0, (await ServerProcess.RunAsync(["migrate"], environment: storage.Environment)).Code);
        await PostgresServer.ExecuteAsync(
            storage.Connection!,
            $"""
            INSERT INTO clusters (cluster) VALUES ('lockstep');
            INSERT INTO silos (cluster, address, port, generation, name, host, status, gateway_port, started, alive)
            VALUES ('lockstep', '127.0.0.1', {((IPEndPoint)hung.LocalEndpoint).Port}, 1, 'other', '{Dns.GetHostName()}', 3, 0, now(), now())
            """);
        using var server = ServerProcess.Start(["--urls", "http://127.0.0.1:0"], storage.Environment);
        await Eventually.HoldsAsync("joining", async () => Equals(await PostgresServer.QueryAsync(storage.Connection!, "SELECT count(*) FROM silos WHERE status = 2"), 1L));

        server.Terminate();

        Assert.Equal(0, await server.EndAsync().WaitAsync(TimeSpan.FromSeconds(20)));
    }

    [PostgresFact("A server that is alone joins at once.")]
    public async Task Sigterm_ToAGatewayThatWaitsForASilo_EndsItWithZero_AndSoon()
    {
        Assert.Equal(0, (await ServerProcess.RunAsync(["migrate"], environment: storage.Environment)).Code);
        using var server = ServerProcess.Start(["--role", "gateway", "--urls", "http://127.0.0.1:0"], storage.Environment);
        await server.SaysAsync("No silo of cluster");

        server.Terminate();

        Assert.Equal(0, await server.EndAsync().WaitAsync(TimeSpan.FromSeconds(20)));
    }

    private static async Task<HttpStatusCode> StatusAsync(HttpClient http, Uri address)
    {
        using var answer = await http.GetAsync(address);
        return answer.StatusCode;
    }

    private static async Task<bool> IsAnsweredAsync(HttpClient http, Uri address)
    {
        try
        {
            await StatusAsync(http, address);
            return true;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    /// <summary>By the sockets that a process holds, and the kernel's tables of those that listen.</summary>
    private static int[] ListeningPorts(int process)
    {
        const string listening = "0A";
        var held = Directory.EnumerateFiles($"/proc/{process}/fd").Select(file => new FileInfo(file).LinkTarget).ToHashSet(StringComparer.Ordinal);
        return [.. ((string[])["tcp", "tcp6"])
            .SelectMany(table => File.ReadLines($"/proc/{process}/net/{table}").Skip(1))
            .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Where(row => row[3] == listening && held.Contains($"socket:[{row[9]}]"))
            .Select(row => int.Parse(row[1].AsSpan(row[1].LastIndexOf(':') + 1), NumberStyles.HexNumber, CultureInfo.InvariantCulture))
            .Distinct()];
    }
}
