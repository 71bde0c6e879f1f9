using System.Globalization;
using System.Net.Sockets;

namespace Lockstep.Hostile;

/// <summary>All that is tried. Each is something that was felt by others once.</summary>
internal static class Abuses
{
    private const string Elsewhere = "127.0.0.2";
    private const string Record = Person.Records + "/a";

    public static readonly string[] Accounts = ["mallory", "trudy", "eve", "oscar"];

    public static IReadOnlyList<Abuse> All { get; } =
    [
        new("pages that nobody reads", PagesAsync, static (server, stop) => AgainAsync(40, async i =>
        {
            using var person = new Person(server, Accounts[0], from: Elsewhere);
            using var connection = await person.BeginAsync("GET", Person.Records, stop);
            await Task.Delay(Timeout.Infinite, stop);
        }, stop)),
        new("bodies of 16 MiB that do not come", AccountsAsync, static (server, stop) => AgainAsync(16, async i =>
        {
            using var person = new Person(server, Accounts[i % 4], from: Elsewhere);
            using var connection = await person.BeginAsync("PUT", Record, stop, "Content-Type: application/json", $"Content-Length: {16 << 20}");
            await TrickleAsync(connection, stop);
        }, stop)),
        new("500 slow bodies of nobody", AccountsAsync, static (server, stop) => AgainAsync(500, async i =>
        {
            using var person = new Person(server);
            using var connection = await person.BeginAsync("POST", "/v1/batch", stop, "Content-Type: application/json", "Content-Length: 60000");
            await TrickleAsync(connection, stop);
        }, stop)),
        new("300 batches of reads", PagesAsync, static (server, stop) =>
            ManyAsync(server, 300, Accounts[0], static (person, i, stop) => person.SendAsync("POST", "/v1/batch", Batch("GET", static part => $"{Person.Records}/r{part % 10}"), cancellationToken: stop), stop)),
        new("60 batches of new passwords", AccountsAsync, static (server, stop) =>
            ManyAsync(server, 60, Accounts[0], static (person, i, stop) => person.SendAsync("POST", "/v1/batch", Batch("PUT", static _ => "/accounts/mallory", Person.Account()), cancellationToken: stop), stop)),
        new("500 registrations of nobody", AccountsAsync, static (server, stop) =>
            ManyAsync(server, 500, null, static (person, i, stop) => person.SendAsync("PUT", $"/v1/accounts/{Guid.NewGuid():N}", Person.Account(), cancellationToken: stop), stop)),
        new("80 addresses that guess", AccountsAsync, static (server, stop) => EachAsync(320, async i =>
        {
            for (var guess = 0; !stop.IsCancellationRequested; guess++)
            {
                using var person = new Person(server, $"good{i % 20}", $"guess{i}-{guess}", $"127.0.1.{1 + (i % 80)}");
                await AnywayAsync(() => person.SendAsync("GET", Person.Records, cancellationToken: stop));
            }
        })),
        new("80 addresses that guess Firefox's", AccountsAsync, static (server, stop) => EachAsync(320, async i =>
        {
            using var person = new Person(server, from: $"127.0.1.{1 + (i % 80)}");
            for (var guess = 0; !stop.IsCancellationRequested; guess++)
            {
                var body = $$"""{"email":"good{{i % 20}}@example.org","authPW":"{{guess:x64}}"}""";
                await AnywayAsync(() => person.SendAsync("POST", "/auth/v1/account/login", body, cancellationToken: stop));
            }
        })),
        new("patches of many fields", FieldsAsync, static (server, stop) =>
            ManyAsync(server, 8, Accounts[0], static (person, i, stop) => person.SendAsync("PATCH", Record, """{"data":{"x":1}}""", behaviour: "light", cancellationToken: stop), stop)),
        new("JSON patches of many values", FieldsAsync, static (server, stop) =>
            ManyAsync(server, 4, Accounts[0], static (person, i, stop) => person.SendAsync("PATCH", Record, Values, "application/json-patch+json", cancellationToken: stop), stop)),
        new("sorts", RowsAsync, static (server, stop) =>
            ManyAsync(server, 20, Accounts[0], static (person, i, stop) => person.SendAsync("GET", $"{Person.Records}?_limit=1&_sort=-b.c.{i},a", cancellationToken: stop), stop)),
        new("buckets at random", AccountsAsync, static (server, stop) =>
            ManyAsync(server, 50, Accounts[0], static (person, i, stop) => person.SendAsync("GET", $"/v1/buckets/{Guid.NewGuid():N}", cancellationToken: stop), stop)),
        new("groups in great numbers", GroupsAsync, static (server, stop) =>
            BesideAsync(
                ManyAsync(server, 8, Accounts[1], static (person, i, stop) => person.SendAsync("GET", i % 2 == 0 ? "/v1/permissions" : "/v1/buckets", cancellationToken: stop), stop),
                ManyAsync(server, 8, Accounts[1], static (person, i, stop) => person.SendAsync("PUT", $"{Shared}/collections/{(i % 2 == 0 ? "own" : "foreign")}/records/r{i}", "{}", cancellationToken: stop), stop))),
        new("permissions of 1,000 names", NamesAsync, static (server, stop) =>
            BesideAsync(
                ManyAsync(server, 4, Accounts[0], static (person, i, stop) => person.SendAsync("PUT", $"{Shared}/collections/c/records/r{i}", Names(trudy: true), cancellationToken: stop), stop),
                ManyAsync(server, 4, Accounts[0], static (person, i, stop) => person.SendAsync("PUT", $"{Shared}/collections/c/records/r{i}", """{"data":{"n":1}}""", cancellationToken: stop), stop),
                ManyAsync(server, 4, Accounts[0], static (person, i, stop) => person.SendAsync("DELETE", $"{Shared}/collections/c/records?_limit=5", cancellationToken: stop), stop),
                ManyAsync(server, 8, Accounts[1], static (person, i, stop) => person.SendAsync(i % 2 == 0 ? "GET" : "HEAD", $"{Shared}/collections/c/records", cancellationToken: stop), stop))),
        new("memberships that change all the time", GroupsAsync, static (server, stop) =>
            BesideAsync(
                ManyAsync(server, 16, Accounts[0], static (person, i, stop) => person.SendAsync(
                    "PUT", $"{(i % 2 == 0 ? Shared : Club)}/groups/g{i}", Members(i % 3 == 0 ? [] : Accounts), cancellationToken: stop), stop),
                ManyAsync(server, 4, Accounts[0], static (person, i, stop) => person.SendAsync(
                    "PUT", $"{Shared}/groups/large", Members(Enumerable.Range(0, 4_000).Select(n => string.Create(CultureInfo.InvariantCulture, $"n{n}-{Random.Shared.Next(3)}"))), cancellationToken: stop), stop),
                ManyAsync(server, 8, Accounts[1], static (person, i, stop) => person.SendAsync("GET", $"{Shared}/collections/{(i % 2 == 0 ? "own" : "foreign")}/records?_since=1", cancellationToken: stop), stop))),
        new("histories, indexes, schemas, quotas", KeepingAbuse.PrepareAsync, KeepingAbuse.RunAsync),
    ];

    private const string Shared = "/v1/buckets/hostile";
    private const string Club = "/v1/buckets/hostile-club";

    private static string Members(IEnumerable<string> names) => $$$"""{"data":{"members":[{{{string.Join(',', names.Select(static name => $"\"account:{name}\""))}}}]}}""";

    private static string Names(bool trudy) =>
        $$$"""{"data":{},"permissions":{"read":[{{{string.Join(',', Enumerable.Range(0, 990).Select(static n => $"\"account:n{n}\"").Concat(trudy ? ["\"account:trudy\""] : []))}}}]}}""";

    private static async Task GroupsAsync(Uri server)
    {
        await AccountsAsync(server);
        using var person = new Person(server, Accounts[0]);
        foreach (var bucket in new[] { Shared, Club })
        {
            Assert.Equal(201, await person.SendAsync("PUT", bucket, "{}"));
        }

        // 50,000 take long to make; a few thousand show the same.
        var groups = RunSettings.IsLong ? 50_000 : 1_500;
        for (var made = 0; made < groups; made += 25)
        {
            var first = made;
            Assert.Equal(200, await person.SendAsync("POST", "/v1/batch", Batch("PUT", part => $"{Shared}/groups/g{first + part}", Members([Accounts[1]]))));
        }

        Assert.Equal(201, await person.SendAsync("PUT", $"{Club}/groups/g0", Members([Accounts[1]])));
        Assert.Equal(201, await person.SendAsync("PUT", $"{Shared}/collections/own", """{"permissions":{"write":["/buckets/hostile/groups/g7"]}}"""));
        Assert.Equal(201, await person.SendAsync("PUT", $"{Shared}/collections/foreign", """{"permissions":{"write":["/buckets/hostile-club/groups/g0"]}}"""));
    }

    private static async Task NamesAsync(Uri server)
    {
        await AccountsAsync(server);
        using var person = new Person(server, Accounts[0]);
        Assert.Equal(201, await person.SendAsync("PUT", Shared, "{}"));
        Assert.Equal(201, await person.SendAsync("PUT", $"{Shared}/collections/c", "{}"));
        for (var i = 0; i < 10; i++)
        {
            Assert.Equal(201, await person.SendAsync("PUT", $"{Shared}/collections/c/records/r{i}", Names(trudy: true)));
        }
    }

    public static Task BesideAsync(params Task[] abuses) => Task.WhenAll(abuses);

    private static string Values { get; } = $$"""[{"op":"add","path":"/data/x","value":[{{string.Join(',', Enumerable.Repeat("[]", 1_000_000))}}]},{"op":"remove","path":"/data/x"}]""";

    /// <summary>Makes the accounts of those who abuse.</summary>
    public static async Task AccountsAsync(Uri server)
    {
        foreach (var name in Accounts)
        {
            using var person = new Person(server, name);
            await person.RegisterAsync();
        }
    }

    private static Task PagesAsync(Uri server) => RecordsAsync(server, 10, new string('x', 800_000));

    private static Task RowsAsync(Uri server) => RecordsAsync(server, 2_000, new string('x', 1_000));

    private static async Task FieldsAsync(Uri server)
    {
        await AccountsAsync(server);
        using var person = new Person(server, Accounts[0]);
        var fields = string.Join(',', Enumerable.Range(0, 30_000).Select(static i => $"\"field{i}\":{i}"));
        Assert.Equal(201, await person.SendAsync("PUT", Record, $$$"""{"data":{{{{fields}}}}}"""));
    }

    private static async Task RecordsAsync(Uri server, int count, string text)
    {
        await AccountsAsync(server);
        using var person = new Person(server, Accounts[0]);
        for (var i = 0; i < count; i++)
        {
            Assert.Equal(201, await person.SendAsync("PUT", $"{Person.Records}/r{i}", $$$"""{"data":{"a":{{{i}}},"text":"{{{text}}}"}}"""));
        }
    }

    /// <summary>25 parts.</summary>
    public static string Batch(string method, Func<int, string> path, string? body = null) => "{\"requests\":[" + string.Join(',', Enumerable.Range(0, 25).Select(
        i => string.Create(CultureInfo.InvariantCulture, $"{{\"method\":\"{method}\",\"path\":\"{path(i).Replace("/v1", "", StringComparison.Ordinal)}\"{(body is null ? "" : $",\"body\":{body}")}}}"))) + "]}";

    /// <summary>So many at a time, again and again.</summary>
    public static async Task ManyAsync(Uri server, int count, string? name, Func<Person, int, CancellationToken, Task<int>> send, CancellationToken stop)
    {
        using var person = new Person(server, name, from: Elsewhere);
        await EachAsync(count, async i =>
        {
            while (!stop.IsCancellationRequested)
            {
                await AnywayAsync(() => send(person, i, stop));
            }
        });
    }

    private static Task EachAsync(int count, Func<int, Task> run) => Task.WhenAll(Enumerable.Range(0, count).Select(i => AnywayAsync(() => Task.Run(() => run(i)))));

    /// <summary>So many at a time; each comes back a second after it was cut off.</summary>
    private static Task AgainAsync(int count, Func<int, Task> run, CancellationToken stop) => EachAsync(count, async i =>
    {
        while (!stop.IsCancellationRequested)
        {
            await AnywayAsync(() => run(i));
            await Task.Delay(TimeSpan.FromSeconds(1), stop);
        }
    });

    /// <summary>300 bytes a second, in which spaces are the beginning of JSON.</summary>
    private static async Task TrickleAsync(TcpClient connection, CancellationToken stop)
    {
        var spaces = new byte[300];
        spaces.AsSpan().Fill((byte)' ');
        using var second = new PeriodicTimer(TimeSpan.FromSeconds(1));
        do
        {
            await connection.GetStream().WriteAsync(spaces, stop);
        }
        while (await second.WaitForNextTickAsync(stop));
    }

    /// <summary>The server may refuse, cut off and close as it likes: what it does to others is what counts.</summary>
    private static async Task AnywayAsync(Func<Task> run)
    {
        try
        {
            await run();
        }
        catch (Exception e) when (e is HttpRequestException or IOException or OperationCanceledException or SocketException)
        {
            // As said.
        }
    }
}
