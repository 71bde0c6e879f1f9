using System.Globalization;

namespace Lockstep.Bench;

/// <summary>Stores new records, so that what they take of the disk can be asked from PostgreSQL.</summary>
internal static class Filling
{
    private const int Users = 32;

    /// <param name="arguments">The server as <see cref="ServerProcess.Parse"/> takes it, records, bytes of each, records a request.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public static async Task RunAsync(string[] arguments, CancellationToken cancellationToken)
    {
        var server = ServerProcess.Parse(arguments[0]);
        var numbers = Array.ConvertAll(arguments[1..], static text => int.Parse(text, CultureInfo.InvariantCulture));
        var (records, size, batch) = (numbers[0], numbers[1], numbers[2]);
        await Accounts.MakeAsync(server, Enumerable.Range(0, Users).Select(user => $"filler{batch}-{user}"), cancellationToken);
        await Task.WhenAll(Enumerable.Range(0, Users).Select(user => FillAsync(server, $"filler{batch}-{user}", records / Users, size, batch, cancellationToken)));
    }

    private static async Task FillAsync(ServerProcess server, string user, int records, int size, int batch, CancellationToken cancellationToken)
    {
        const string Path = "/v1/buckets/default/collections/fill/records/r";
        var body = $$$"""{"data":{{{Workload.Data(size)}}}}""";
        var request = batch == 1
            ? RequestTemplate.Create(server, user, $"PUT {Path}{RequestTemplate.Number}", body)
            : RequestTemplate.Create(server, user, "POST /v1/batch", Batches.Put(batch, Path, body));
        using var connection = await HttpConnection.OpenAsync(server.Address, cancellationToken);
        for (var stored = 0; stored < records; stored += batch)
        {
            await Accounts.ExpectAsync(connection, request, batch == 1 ? 201 : 200, cancellationToken);
        }
    }
}
