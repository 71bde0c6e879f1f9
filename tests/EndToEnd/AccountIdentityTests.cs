using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Lockstep.Storage.PostgreSql.Testing;

namespace Lockstep.EndToEnd;

/// <summary>Accounts that change at one server while another one on the same database remembers a sign-in for an hour.</summary>
public sealed class AccountIdentityTests : IAsyncLifetime
{
    private const string Reason = "SQLite belongs to one server at a time.";
    private const string Old = "s3cr3t";
    private const string New = "an0ther";
    private readonly TemporaryDirectory directory = new();
    private readonly List<ServerProcess> servers = [];
    private readonly List<Uri> addresses = [];
    private readonly List<HttpClient> clients = [];
    private string connection = "";

    public async Task InitializeAsync() => connection = PostgresServer.IsChosen ? await PostgresServer.CreateEmptyDatabaseAsync() : "";

    public async Task DisposeAsync()
    {
        clients.ForEach(static client => client.Dispose());
        servers.ForEach(static server => server.Dispose());
        directory.Dispose();
        if (connection.Length > 0)
        {
            await PostgresServer.DropDatabaseAsync(connection);
        }
    }

    [PostgresFact(Reason)]
    public async Task AccountDeleted_WhileManyWriteThroughBothServers_NothingIsWrittenOnceThatIsAcknowledged()
    {
        await StartAsync();
        for (var round = 0; round < 3; round++)
        {
            var name = $"writer{round}";
            await RegisterAsync(name, Old);
            var acknowledged = 0L;
            var late = new ConcurrentBag<string>();
            var written = new SemaphoreSlim(0);
            var writing = Enumerable.Range(0, 6).Select(writer => Task.Run(async () =>
            {
                var client = Client(writer % 2, name, Old);
                for (var i = 0; ; i++)
                {
                    var begunAfter = Interlocked.Read(ref acknowledged) > 0;
                    var path = (i % 3) switch
                    {
                        0 => $"/v1/buckets/{name}-{writer}-{i}",
                        1 => $"/v1/buckets/default/collections/tasks/records/w{writer}-{i}",
                        _ => $"/v1/buckets/default/collections/c{writer}-{i}",
                    };
                    var status = await SendAsync(client, HttpMethod.Put, path, "{}");
                    if (status == HttpStatusCode.Created)
                    {
                        written.Release();
                        if (begunAfter)
                        {
                            late.Add(path);
                        }
                    }
                    else if (status != HttpStatusCode.ServiceUnavailable)
                    {
                        // Whoever is told to come back later does.
                        Assert.Equal(HttpStatusCode.Unauthorized, status);
                        return;
                    }
                }
            })).ToList();
            for (var i = 0; i < 60; i++)
            {
                Assert.True(await written.WaitAsync(TimeSpan.FromSeconds(60)));
            }

            var deleted = await SendAsync(Client(0, name, Old), HttpMethod.Delete, $"/v1/accounts/{name}");
            Interlocked.Increment(ref acknowledged);
            var left = await LeftAsync(name);
            await Task.WhenAll(writing).WaitAsync(TimeSpan.FromSeconds(60));

            Assert.Equal(HttpStatusCode.OK, deleted);
            Assert.Equal(0L, left);
            Assert.Empty(late);
            Assert.Equal(0L, await LeftAsync(name));
            Assert.Equal(0L, await PostgresServer.QueryAsync(connection, $"SELECT count(*) FROM accounts WHERE name = '{name}'"));
        }
    }

    [PostgresFact(Reason)]
    public async Task NameGivenAgain_BucketsOfTheNewOwner_AreNotTheFormerOnes_AtAServerThatRemembersThem()
    {
        const string records = "/v1/buckets/shopping/collections/tasks/records";
        await StartAsync();
        var former = await RememberedAsync("alice");
        await GiveAgainAsync("alice");
        var successor = Client(0, "alice", New);
        foreach (var path in new[] { "/v1/buckets/shopping", "/v1/buckets/shopping/collections/tasks", $"{records}/milk" })
        {
            Assert.Equal(HttpStatusCode.Created, await SendAsync(successor, HttpMethod.Put, path, """{"data":{"secret":1}}"""));
        }

        Assert.Equal(HttpStatusCode.Forbidden, await SendAsync(former, HttpMethod.Get, $"{records}/milk"));
        Assert.Equal(HttpStatusCode.Forbidden, await SendAsync(former, HttpMethod.Get, records));
        Assert.Equal(HttpStatusCode.Forbidden, await SendAsync(former, HttpMethod.Head, records));
        Assert.Equal(HttpStatusCode.Forbidden, await SendAsync(former, HttpMethod.Put, $"{records}/milk", "{}"));
        Assert.Equal(HttpStatusCode.Forbidden, await SendAsync(former, HttpMethod.Delete, "/v1/buckets/shopping"));

        Assert.Contains("secret", await successor.GetStringAsync(new Uri($"{records}/milk", UriKind.Relative)), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, await SendAsync(Client(1, "alice", New), HttpMethod.Get, $"{records}/milk"));
    }

    [PostgresFact(Reason)]
    public async Task NameGivenAgain_FirstRequestOfTheFormerOwner_IsRefusedAsAWrongPassword()
    {
        await StartAsync();
        var requests = new[]
        {
            ("PUT", "/v1/buckets/mine"), ("POST", "/v1/buckets"), ("PUT", "/v1/buckets/default/collections/tasks/records/milk"), ("GET", "/v1/buckets"),
            ("DELETE", "/v1/buckets"), ("GET", "/v1/accounts"), ("GET", "/v1/accounts/NAME"), ("PUT", "/v1/accounts/NAME"), ("PATCH", "/v1/accounts/NAME"),
            ("DELETE", "/v1/accounts/NAME"),
        };
        foreach (var (i, (method, path)) in requests.Index())
        {
            var name = $"alice{i}";
            var former = await RememberedAsync(name);
            await GiveAgainAsync(name);

            var status = await SendAsync(
                former, HttpMethod.Parse(method), path.Replace("NAME", name, StringComparison.Ordinal), method is "GET" or "DELETE" ? null : """{"data":{"password":"th1rd!"}}""");

            Assert.True(status == HttpStatusCode.Unauthorized, $"{method} {path}: {status}");
            Assert.Equal(HttpStatusCode.OK, await SendAsync(Client(1, name, New), HttpMethod.Get, $"/v1/accounts/{name}"));
            Assert.Equal(0L, await LeftAsync(name));
        }
    }

    [PostgresFact(Reason)]
    public async Task PasswordChangedElsewhere_TheOldOneChangesAndDeletesNothing()
    {
        await StartAsync();
        foreach (var method in new[] { "DELETE", "PUT", "PATCH", "GET" })
        {
            var name = $"bob-{method}";
            var old = await RememberedAsync(name);
            Assert.Equal(HttpStatusCode.OK, await SendAsync(
                Client(0, name, Old), HttpMethod.Patch, $"/v1/accounts/{name}", $$$"""{"data":{"password":"{{{New}}}"}}"""));

            Assert.Equal(HttpStatusCode.Unauthorized, await SendAsync(
                old, HttpMethod.Parse(method), $"/v1/accounts/{name}", method is "GET" or "DELETE" ? null : """{"data":{"password":"th1rd!"}}"""));

            Assert.Equal(HttpStatusCode.OK, await SendAsync(Client(0, name, New), HttpMethod.Get, $"/v1/accounts/{name}"));
            Assert.Equal(HttpStatusCode.Unauthorized, await SendAsync(Client(0, name, "th1rd!"), HttpMethod.Get, $"/v1/accounts/{name}"));
        }
    }

    /// <summary>Two servers, each of which remembers sign-ins by itself.</summary>
    private async Task StartAsync()
    {
        for (var i = 0; i < 2; i++)
        {
            var (server, address) = await ServerProcess.StartAsync(
                directory.Path,
                ["--accounts:cache-time", "01:00:00"],
                new Dictionary<string, string>(StringComparer.Ordinal) { ["LOCKSTEP_POSTGRES__CONNECTION"] = connection });
            servers.Add(server);
            addresses.Add(address);
        }
    }

    /// <summary>Makes an account at the first server.</summary>
    /// <returns>A client of the second one, which remembers the sign-in for an hour.</returns>
    private async Task<HttpClient> RememberedAsync(string name)
    {
        await RegisterAsync(name, Old);
        var client = Client(1, name, Old);
        Assert.Equal(HttpStatusCode.OK, await SendAsync(client, HttpMethod.Get, Device.Records));
        return client;
    }

    /// <summary>At the first server.</summary>
    private async Task GiveAgainAsync(string name)
    {
        Assert.Equal(HttpStatusCode.OK, await SendAsync(Client(0, name, Old), HttpMethod.Delete, $"/v1/accounts/{name}"));
        await RegisterAsync(name, New);
    }

    private async Task<long> LeftAsync(string name) => (long)(await PostgresServer.QueryAsync(
        connection, $"SELECT count(*) FROM buckets WHERE live AND author = 'account:{name}'"))!;

    private async Task RegisterAsync(string name, string password)
    {
        using var device = new Device(addresses[0], name, password);
        await device.RegisterAsync(name, password);
    }

    private static async Task<HttpStatusCode> SendAsync(HttpClient client, HttpMethod method, string path, string? body = null)
    {
        using var request = new HttpRequestMessage(method, path);
        request.Content = body is null ? null : new StringContent(body, Encoding.UTF8, "application/json");
        using var answer = await client.SendAsync(request);
        return answer.StatusCode;
    }

    private HttpClient Client(int server, string name, string password)
    {
        var client = new HttpClient { BaseAddress = addresses[server] };
        client.DefaultRequestHeaders.Authorization =
            new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{name}:{password}")));
        clients.Add(client);
        return client;
    }
}
