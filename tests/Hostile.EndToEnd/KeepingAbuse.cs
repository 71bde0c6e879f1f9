namespace Lockstep.Hostile;

/// <summary>
/// All at once what takes the most of history, indexes, schemas and quotas: snapshots of what changes all the time, undo beside writes, searches
/// of entries for what is in none, indexes that are declared anew again and again, schemas made to explode, and a bucket that is full.
/// </summary>
internal static class KeepingAbuse
{
    /// <summary>Which holds 1,000,000 bytes.</summary>
    public const string FullBucket = "hostile-full";

    private const string Bucket = "/v1/buckets/hostile-kept";
    private const string Records = Bucket + "/collections/kept/records";
    private const string Judged = Bucket + "/collections/judged";
    private const string Full = "/v1/buckets/" + FullBucket + "/collections/c/records";
    private const int Count = 250;

    // Each level is judged twice by the one above.
    private static readonly string Schema = "{\"data\":{\"schema\":{\"$ref\":\"#/definitions/d0\",\"definitions\":{"
        + string.Concat(Enumerable.Range(0, 40).Select(static i => $"\"d{i}\":{{\"allOf\":[{{\"$ref\":\"#/definitions/d{i + 1}\"}},{{\"$ref\":\"#/definitions/d{i + 1}\"}}]}},"))
        + "\"d40\":{}}}}}";

    public static async Task PrepareAsync(Uri server)
    {
        await Abuses.AccountsAsync(server);
        using var person = new Person(server, Abuses.Accounts[0]);
        Assert.Equal(201, await person.SendAsync("PUT", Bucket, """{"data":{"history":true}}"""));
        Assert.Equal(201, await person.SendAsync("PUT", "/v1/buckets/" + FullBucket, "{}"));
        foreach (var collection in (string[])[Records[..^"/records".Length], Judged, Full[..^"/records".Length]])
        {
            Assert.Equal(201, await person.SendAsync("PUT", collection, "{}"));
        }

        for (var i = 0; i < Count; i += 25)
        {
            var first = i;
            Assert.Equal(200, await person.SendAsync("POST", "/v1/batch", Abuses.Batch("PUT", part => $"{Records}/r{first + part}", Body(4_000))));
        }
    }

    public static Task RunAsync(Uri server, CancellationToken stop)
    {
        var at = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();
        var snapshot = $"{Bucket}/snapshot/collections/kept@{at}";
        return Abuses.BesideAsync(
            Many(4, (person, _) => person.SendAsync("PUT", $"{Records}/r{Random.Shared.Next(Count)}", Body(4_000), cancellationToken: stop)),
            Many(8, (person, i) => person.SendAsync("GET", i % 2 == 0 ? snapshot : $"{snapshot}?_limit=1000", cancellationToken: stop)),
            Many(2, (person, _) => person.SendAsync("POST", snapshot, cancellationToken: stop)),
            Many(6, (person, i) => person.SendAsync(i % 2 == 0 ? "GET" : "HEAD", $"{Bucket}/history?like_target.data.text=*y*z*&not_target.data.n={i}&_limit=1", cancellationToken: stop)),
            Many(2, (person, i) => person.SendAsync(
                "PUT", Records[..^"/records".Length], i % 2 == 0 ? """{"data":{"indexes":["text","n","a.b","c","d"]}}""" : """{"data":{"indexes":["n"]}}""", cancellationToken: stop)),
            Many(2, (person, _) => person.SendAsync("PUT", Judged, Schema, cancellationToken: stop)),
            Many(4, (person, i) => person.SendAsync("POST", "/v1/batch", Abuses.Batch("PUT", part => $"{Judged}/records/r{part}", Body(1_000)), cancellationToken: stop)),
            Many(4, (person, i) => person.SendAsync("PUT", $"{Full}/r{i}", Body(300_000), cancellationToken: stop)),
            Many(1, (person, i) => person.SendAsync("DELETE", $"{Full}/r{Random.Shared.Next(4)}", cancellationToken: stop)));

        Task Many(int count, Func<Person, int, Task<int>> send) => Abuses.ManyAsync(server, count, Abuses.Accounts[0], (person, i, _) => send(person, i), stop);
    }

    private static string Body(int length) => $$$"""{"data":{"n":1,"text":"{{{new string('x', length)}}}"}}""";
}
