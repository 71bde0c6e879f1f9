namespace Lockstep.Bench;

/// <summary>The scenarios, and the data they need.</summary>
/// <param name="server">Who is measured.</param>
/// <param name="bare">Who answers 304 without a server behind it; null to leave that out.</param>
internal sealed class Workload(ServerProcess server, ServerProcess? bare)
{
    public const string Poll = "poll, nothing new: 304";
    public const string Bare = "bare Kestrel: 304";
    public const string PollAlone = "poll, nothing new: 304, 1 user";
    public const string Page = "page of 1,000 x 500 B";

    /// <summary>Of what a PUT stores.</summary>
    public const int PutSize = 1024;

    private const int Users = 256;
    private const int BatchSize = 25;
    private const int PageSize = 1000;

    private readonly string[] stamps = new string[Users];

    public async Task PrepareAsync(CancellationToken cancellationToken)
    {
        await Accounts.MakeAsync(server, Enumerable.Range(0, Users).Select(User), cancellationToken);
        using var connection = await HttpConnection.OpenAsync(server.Address, cancellationToken);
        for (var user = 0; user < stamps.Length; user++)
        {
            await FillAsync(connection, user, "poll", 4 * BatchSize, 1024, cancellationToken);
            var list = await Accounts.ExpectAsync(
                connection, RequestTemplate.Create(server, User(user), $"GET {List("poll")}?_limit=1"), 200, cancellationToken);
            stamps[user] = list.Header("ETag")?.Trim('"') ?? throw new InvalidOperationException("A list has no ETag.");
        }

        await FillAsync(connection, 0, "page", PageSize, 500, cancellationToken);
    }

    public IReadOnlyList<Scenario> Scenarios()
    {
        var put = Put(PutSize);
        return
        [
            new("PUT 1 KB, 32 users", server, Each(32, user => Rotating(User(user), $"PUT {List("put")}/r", put)), IsWritten, HasPartner: true),
            new("PUT 1 KB, 256 users", server, Each(Users, user => Rotating(User(user), $"PUT {List("put")}/r", put)), IsWritten, HasPartner: true),
            new("PUT 1 KB, 64 writers, one collection", server, Each(64, writer => Rotating(User(0), $"PUT {List("shared")}/w{writer}-", put)), IsWritten),
            new("GET one record", server, Each(32, GetOf), IsRead),
            new("poll, nothing new: 200, empty", server, Each(32, user => PollOf(server, user, conditional: false)),
                static (status, body) => status == 200 && body.SequenceEqual("{\"data\":[]}"u8)),
            new(Poll, server, Each(32, user => PollOf(server, user, conditional: true)), static (status, _) => status == 304),
            .. BareScenarios(),
            new(Page, server, Each(8, _ => RequestTemplate.Create(server, User(0), $"GET {List("page")}?_limit={PageSize}")),
                static (status, body) => status == 200 && body.Length > PageSize * 500),
            new("batch of 25 creates, 300 B", server, Each(16, user => Batch(User(user), $"{List("batch")}/b", 300)), AreCreated),
        ];
    }

    /// <summary>One connection only: what a request takes when nothing else waits.</summary>
    public IReadOnlyList<Scenario> Alone() =>
    [
        new("PUT 1 KB, 1 user", server, [Rotating(User(0), $"PUT {List("put")}/r", Put(PutSize))], IsWritten),
        new(PollAlone, server, [PollOf(server, 0, conditional: true)], static (status, _) => status == 304),
    ];

    /// <summary>Enough users that all silos are asked all the time, whichever of them has a user's bucket.</summary>
    public IReadOnlyList<Scenario> Crowd() =>
    [
        new("PUT 1 KB, 256 users", server, Each(Users, user => Rotating(User(user), $"PUT {List("put")}/r", Put(PutSize))), IsWritten),
        new("GET one record, 256 users", server, Each(Users, GetOf), IsRead),
        new("poll, nothing new: 304, 256 users", server, Each(Users, user => PollOf(server, user, conditional: true)), static (status, _) => status == 304),
        new("batch of 25 creates, 300 B, 64 users", server, Each(64, user => Batch(User(user), $"{List("batch")}/b", 300)), AreCreated),
    ];

    /// <summary>A record's data, of so many bytes.</summary>
    public static string Data(int size) => $$"""{"text":"{{new string('x', size - """{"text":""}""".Length)}}"}""";

    private static string User(int number) => $"user{number}";

    private static string List(string collection) => $"/v1/buckets/default/collections/{collection}/records";

    private static string Put(int size) => $$$"""{"data":{{{Data(size)}}}}""";

    private static bool IsRead(int status, ReadOnlySpan<byte> body) => status == 200 && body.Length > 1000;

    private static bool IsWritten(int status, ReadOnlySpan<byte> body) => status is 200 or 201 && body.Length > 1000;

    private static bool AreCreated(int status, ReadOnlySpan<byte> body) => status == 200 && body.Count("\"status\":201"u8) == BatchSize;

    private Scenario[] BareScenarios() => bare is null
        ? []
        : [new(Bare, bare, Each(32, user => PollOf(bare, user, conditional: true)), static (status, _) => status == 304)];

    private static RequestTemplate[] Each(int connections, Func<int, RequestTemplate> make) => [.. Enumerable.Range(0, connections).Select(make)];

    private RequestTemplate GetOf(int user) => RequestTemplate.Create(server, User(user), $"GET {List("poll")}/r00000007");

    private RequestTemplate Rotating(string user, string line, string body) =>
        RequestTemplate.Create(server, user, line + RequestTemplate.Number, body, cycle: 100);

    private RequestTemplate PollOf(ServerProcess target, int user, bool conditional) => RequestTemplate.Create(
        target,
        User(user),
        $"GET {List("poll")}?_since=%22{stamps[user]}%22",
        headers: conditional ? $"If-None-Match: \"{stamps[user]}\"\r\n" : "");

    private RequestTemplate Batch(string user, string path, int size) =>
        RequestTemplate.Create(server, user, "POST /v1/batch", Batches.Put(BatchSize, path, Put(size)));

    private async Task FillAsync(HttpConnection connection, int user, string collection, int count, int size, CancellationToken cancellationToken)
    {
        var batch = Batch(User(user), $"{List(collection)}/r", size);
        for (var made = 0; made < count; made += BatchSize)
        {
            await Accounts.ExpectAsync(connection, batch, 200, cancellationToken);
        }
    }
}
