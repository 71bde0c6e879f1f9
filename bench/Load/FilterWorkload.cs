using System.Globalization;

namespace Lockstep.Bench;

/// <summary>Filters and sorts over many records, with an index on the field and without.</summary>
/// <param name="server">Who is measured.</param>
/// <param name="records">How many, of each collection.</param>
internal sealed class FilterWorkload(ServerProcess server, int records)
{
    /// <summary>Says of how many more records; not set for none.</summary>
    public const string Variable = "LOCKSTEP_BENCH_FILTERED";

    /// <summary>Of the rows that are always there.</summary>
    public const int Few = 10_000;

    // What a page looks at without an index, and more than which no page is sorted.
    private const int MaxFiltered = 20_000;
    private const int MaxSorted = 500_000;

    private const int BatchSize = 25;
    private const int Connections = 8;
    private const int Fillers = 8;
    private const int PageSize = 100;

    private string User => string.Create(CultureInfo.InvariantCulture, $"filterer{records}");

    private string Count => records.ToString("N0", CultureInfo.InvariantCulture);

    public async Task PrepareAsync(CancellationToken cancellationToken)
    {
        await Accounts.MakeAsync(server, [User], cancellationToken);
        using var connection = await HttpConnection.OpenAsync(server.Address, cancellationToken);
        var declaration = RequestTemplate.Create(server, User, "PUT /v1/buckets/default/collections/indexed", """{"data":{"indexes":["key"]}}""");
        await Accounts.ExpectAsync(connection, declaration, 201, cancellationToken);
        foreach (var collection in new[] { "plain", "indexed" })
        {
            await Task.WhenAll(Enumerable.Range(0, Fillers).Select(filler => FillAsync(collection, filler, cancellationToken)));
        }
    }

    public IReadOnlyList<Scenario> Scenarios() =>
    [
        records <= MaxFiltered
            ? Of($"filter that finds 1 of {Count} records, no index", $"{List("plain")}?key={Wanted}", 200)
            : Of($"page of a filter over {Count} records, no index: {MaxFiltered:N0} are looked at", $"{List("plain")}?key={Wanted}", 0, connections: 2),
        Of($"filter that finds 1 of {Count} records, an index", $"{List("indexed")}?key={Wanted}", 200),
        .. records <= MaxSorted ? [Of($"page of 100 of {Count} records by a field, no index", Sorted("plain"), PageSize * 200)] : Array.Empty<Scenario>(),
        Of($"page of 100 of {Count} records by a field, an index", Sorted("indexed"), PageSize * 200),
    ];

    // Numbers in a batch's paths and bodies take turns, so that the keys are the odd ones.
    private string Wanted => string.Create(CultureInfo.InvariantCulture, $"k0-{(records / Fillers) | 1:00000000}");

    private Scenario Of(string name, string path, int least, int connections = Connections) => new(
        name, server, [.. Enumerable.Range(0, connections).Select(_ => RequestTemplate.Create(server, User, $"GET {path}"))],
        (status, body) => status == 200 && body.Length > least);

    private static string Sorted(string collection) => $"{List(collection)}?_sort=-key&_limit={PageSize}";

    private static string List(string collection) => $"/v1/buckets/default/collections/{collection}/records";

    private async Task FillAsync(string collection, int filler, CancellationToken cancellationToken)
    {
        using var connection = await HttpConnection.OpenAsync(server.Address, cancellationToken);
        var data = $$$"""{"data":{"key":"k{{{filler}}}-{{{RequestTemplate.Number}}}","text":"{{{new string('x', 200)}}}"}}""";
        var batch = RequestTemplate.Create(server, User, "POST /v1/batch", Batches.Put(BatchSize, $"{List(collection)}/f{filler}-", data));
        for (var made = 0; made < records / Fillers; made += BatchSize)
        {
            await Accounts.ExpectAsync(connection, batch, 200, cancellationToken);
        }
    }
}
