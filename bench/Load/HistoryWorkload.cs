namespace Lockstep.Bench;

/// <summary>What it costs to keep a history: the same PUT as without, on a server that keeps it, and reading what was.</summary>
/// <param name="server">Which keeps the history of all buckets.</param>
internal sealed class HistoryWorkload(ServerProcess server)
{
    /// <summary>Names the server, as address and process; not set for none.</summary>
    public const string Variable = "LOCKSTEP_BENCH_HISTORY";

    private const int Users = 32;
    private const int BatchSize = 25;
    private const int PageSize = 1_000;

    private string stamp = "";

    public async Task PrepareAsync(CancellationToken cancellationToken)
    {
        await Accounts.MakeAsync(server, Enumerable.Range(0, Users).Select(User), cancellationToken);
        using var connection = await HttpConnection.OpenAsync(server.Address, cancellationToken);
        await FillAsync(connection, cancellationToken);
        var list = await Accounts.ExpectAsync(connection, RequestTemplate.Create(server, User(0), $"GET {List("page")}?_limit=1"), 200, cancellationToken);
        stamp = list.Header("ETag")?.Trim('"') ?? throw new InvalidOperationException("A list has no ETag.");

        // All of it is otherwise now, so that each record is looked for among earlier states.
        await FillAsync(connection, cancellationToken);
    }

    public IReadOnlyList<Scenario> Scenarios() =>
    [
        new("PUT 1 KB, 32 users, history kept", server,
            [.. Enumerable.Range(0, Users).Select(user => RequestTemplate.Create(
                server, User(user), $"PUT {List("put")}/r{RequestTemplate.Number}", $$$"""{"data":{{{Workload.Data(Workload.PutSize)}}}}""", cycle: 100))],
            static (status, body) => status is 200 or 201 && body.Length > 1000),
        new("snapshot of 1,000 x 500 B, all changed since", server,
            [.. Enumerable.Range(0, 4).Select(_ => RequestTemplate.Create(server, User(0), $"GET /v1/buckets/default/snapshot/collections/page@{stamp}"))],
            static (status, body) => status == 200 && body.Length > PageSize * 500),
        new("page of 100 entries of the history, newest first", server,
            [.. Enumerable.Range(0, 8).Select(_ => RequestTemplate.Create(server, User(0), "GET /v1/buckets/default/history?_limit=100"))],
            static (status, body) => status == 200 && body.Length > 100 * 200),
    ];

    private static string User(int number) => $"keeper{number}";

    private static string List(string collection) => $"/v1/buckets/default/collections/{collection}/records";

    private async Task FillAsync(HttpConnection connection, CancellationToken cancellationToken)
    {
        var batch = RequestTemplate.Create(server, User(0), "POST /v1/batch", Batches.Put(BatchSize, $"{List("page")}/r", $$$"""{"data":{{{Workload.Data(500)}}}}"""));
        for (var made = 0; made < PageSize; made += BatchSize)
        {
            await Accounts.ExpectAsync(connection, batch, 200, cancellationToken);
        }
    }
}
