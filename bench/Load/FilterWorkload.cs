namespace Lockstep.Bench;

/// <summary>Filters and sorts over 10,000 records, with an index on the field and without.</summary>
internal sealed class FilterWorkload(ServerProcess server)
{
    private const string User = "filterer";
    private const int Records = 10_000;
    private const int BatchSize = 25;
    private const int Connections = 8;
    private const int PageSize = 100;

    // Numbers in a batch's paths and bodies take turns, so that the keys are the odd ones.
    private const string Wanted = "k00010001";

    private static readonly string Data = $$$"""{"data":{"key":"k{{{RequestTemplate.Number}}}","text":"{{{new string('x', 200)}}}"}}""";

    public async Task PrepareAsync(CancellationToken cancellationToken)
    {
        await Accounts.MakeAsync(server, [User], cancellationToken);
        using var connection = await HttpConnection.OpenAsync(server.Address, cancellationToken);
        var declaration = RequestTemplate.Create(server, User, "PUT /v1/buckets/default/collections/indexed", """{"data":{"indexes":["key"]}}""");
        await Accounts.ExpectAsync(connection, declaration, 201, cancellationToken);
        foreach (var collection in new[] { "plain", "indexed" })
        {
            var batch = RequestTemplate.Create(server, User, "POST /v1/batch", Batches.Put(BatchSize, $"{List(collection)}/r", Data));
            for (var made = 0; made < Records; made += BatchSize)
            {
                await Accounts.ExpectAsync(connection, batch, 200, cancellationToken);
            }
        }
    }

    public IReadOnlyList<Scenario> Scenarios() =>
    [
        .. new[] { ("plain", "no index"), ("indexed", "an index") }.SelectMany(one => new[]
        {
            Of($"filter that finds 1 of 10,000 records, {one.Item2}", $"{List(one.Item1)}?key={Wanted}", 200),
            Of($"page of 100 of 10,000 records by a field, {one.Item2}", $"{List(one.Item1)}?_sort=-key&_limit={PageSize}", PageSize * 200),
        }),
    ];

    private Scenario Of(string name, string path, int least) => new(
        name, server, [.. Enumerable.Range(0, Connections).Select(_ => RequestTemplate.Create(server, User, $"GET {path}"))],
        (status, body) => status == 200 && body.Length > least);

    private static string List(string collection) => $"/v1/buckets/default/collections/{collection}/records";
}
