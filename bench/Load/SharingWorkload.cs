using System.Globalization;

namespace Lockstep.Bench;

/// <summary>What costs more than in one's own bucket: buckets of others, by groups, and lists of which one sees a part.</summary>
internal sealed class SharingWorkload(ServerProcess server)
{
    private const string Owner = "sharer";
    private const string Reader = "reader";
    private const int Writers = 32;
    private const int Groups = 50;
    private const int PageSize = 1_000;
    private const int Records = 100_000;
    private const int BatchSize = 25;
    private const int Fillers = 8;

    // One in so many records is the reader's.
    private const int Share = 100;

    private string stamp = "";

    public async Task PrepareAsync(CancellationToken cancellationToken)
    {
        await Accounts.MakeAsync(server, [Owner, Reader, .. Enumerable.Range(0, Writers).Select(Writer)], cancellationToken);
        using var connection = await HttpConnection.OpenAsync(server.Address, cancellationToken);
        for (var i = 0; i < Writers; i++)
        {
            await ShareAsync(connection, $"shared{i}", Writer(i), "write", cancellationToken);
        }

        await ShareAsync(connection, "shared-page", Reader, "read", cancellationToken);
        await ShareAsync(connection, "shared-part", "nobody", "read", cancellationToken);
        await FillAsync("shared-page", PageSize, 500, share: 0, cancellationToken);
        await FillAsync("shared-part", Records, 500, Share, cancellationToken);
        var list = await Accounts.ExpectAsync(
            connection, RequestTemplate.Create(server, Reader, $"GET {List("shared-part")}?_limit=1"), 200, cancellationToken);
        stamp = list.Header("ETag")?.Trim('"') ?? throw new InvalidOperationException("A list has no ETag.");
    }

    public IReadOnlyList<Scenario> Scenarios() =>
    [
        new("PUT 1 KB to another's bucket, by 1 of 50 groups, 32 users", server,
            [.. Enumerable.Range(0, Writers).Select(i => RequestTemplate.Create(
                server, Writer(i), $"PUT {List($"shared{i}")}/r{RequestTemplate.Number}", $$$"""{"data":{{{Workload.Data(Workload.PutSize)}}}}""", cycle: 100))],
            static (status, body) => status is 200 or 201 && body.Length > 1000),
        new("page of 1,000 x 500 B of another's, by 1 of 50 groups", server,
            [.. Enumerable.Range(0, 8).Select(_ => RequestTemplate.Create(server, Reader, $"GET {List("shared-page")}?_limit={PageSize}"))],
            static (status, body) => status == 200 && body.Length > PageSize * 500),
        new("page of 1,000 x 500 B, all that one sees of 100,000", server,
            [.. Enumerable.Range(0, 8).Select(_ => RequestTemplate.Create(server, Reader, $"GET {List("shared-part")}?_limit={PageSize}"))],
            static (status, body) => status == 200 && body.Length > PageSize * 500),
        new("poll of that part, nothing new: 200, empty", server,
            [.. Enumerable.Range(0, 32).Select(_ => RequestTemplate.Create(server, Reader, $"GET {List("shared-part")}?_since=%22{stamp}%22"))],
            static (status, body) => status == 200 && body.SequenceEqual("{\"data\":[]}"u8)),
    ];

    private static string Writer(int number) => string.Create(CultureInfo.InvariantCulture, $"writer{number}");

    private static string List(string bucket) => $"/v1/buckets/{bucket}/collections/c/records";

    /// <summary>A bucket with groups that all have somebody as a member, and a collection that names one of these.</summary>
    private async Task ShareAsync(HttpConnection connection, string bucket, string member, string right, CancellationToken cancellationToken)
    {
        var path = $"/v1/buckets/{bucket}";
        await Accounts.ExpectAsync(connection, RequestTemplate.Create(server, Owner, $"PUT {path}", "{}"), 201, cancellationToken);
        var group = RequestTemplate.Create(server, Owner, $"PUT {path}/groups/g{RequestTemplate.Number}", $$$"""{"data":{"members":["account:{{{member}}}"]}}""");
        for (var i = 0; i < Groups; i++)
        {
            await Accounts.ExpectAsync(connection, group, 201, cancellationToken);
        }

        var collection = $$$"""{"permissions":{"{{{right}}}":["/buckets/{{{bucket}}}/groups/g{{{Groups / 2:00000000}}}"]}}""";
        await Accounts.ExpectAsync(connection, RequestTemplate.Create(server, Owner, $"PUT {path}/collections/c", collection), 201, cancellationToken);
    }

    private Task FillAsync(string bucket, int count, int size, int share, CancellationToken cancellationToken)
    {
        var each = count / Fillers;
        return Task.WhenAll(Enumerable.Range(0, Fillers).Select(async filler =>
        {
            using var connection = await HttpConnection.OpenAsync(server.Address, cancellationToken);
            var plain = $$$"""{"data":{{{Workload.Data(size)}}}}""";
            var shared = $$$"""{"data":{{{Workload.Data(size)}}},"permissions":{"read":["account:{{{Reader}}}"]}}""";
            var path = $"{List(bucket)}/f{filler}-";
            var batch = RequestTemplate.Create(server, Owner, "POST /v1/batch", Batches.Put(BatchSize, path, plain));
            for (var made = 0; made < each; made += BatchSize)
            {
                await Accounts.ExpectAsync(connection, batch, 200, cancellationToken);
            }

            // What one sees lies all over the list.
            for (var i = 0; share > 0 && i < each; i += share)
            {
                var one = RequestTemplate.Create(server, Owner, string.Create(CultureInfo.InvariantCulture, $"PUT {path}{i:00000000}"), shared);
                await Accounts.ExpectAsync(connection, one, 200, cancellationToken);
            }
        }));
    }
}
