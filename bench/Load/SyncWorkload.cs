using System.Text.Json;

namespace Lockstep.Bench;

/// <summary>What Firefox asks for, signed, beside the like requests of <see cref="Workload"/>.</summary>
/// <param name="server">Who is measured.</param>
/// <param name="secret">The secret that it takes tokens of.</param>
internal sealed class SyncWorkload(ServerProcess server, string secret)
{
    /// <summary>The secret, for the server and for this program; without it Sync is not measured.</summary>
    public const string Variable = "LOCKSTEP_SYNC15__TOKEN_SECRETS";

    private const int Users = 256;
    private const int PostSize = 100;
    private const int PageSize = 1000;
    private const long FirstUid = 1_000_000;

    private readonly string[] stamps = new string[Users];
    private readonly SyncUser[] users = [.. Enumerable.Range(0, Users).Select(user => new SyncUser(server, secret, FirstUid + user))];

    public async Task PrepareAsync(CancellationToken cancellationToken)
    {
        using var connection = await HttpConnection.OpenAsync(server.Address, cancellationToken);
        for (var user = 0; user < Users; user++)
        {
            var answer = await Accounts.ExpectAsync(connection, users[user].Request("POST", "/storage/bookmarks", Records("r", PostSize, 1024)), 200, cancellationToken);
            stamps[user] = answer.Header("X-Last-Modified") ?? throw new InvalidOperationException("A POST has no X-Last-Modified.");
        }

        for (var part = 0; part < PageSize / PostSize; part++)
        {
            await Accounts.ExpectAsync(connection, users[0].Request("POST", "/storage/history", Records($"p{part}", PostSize, 500)), 200, cancellationToken);
        }
    }

    public IReadOnlyList<Scenario> Scenarios() =>
    [
        new("Sync: PUT of a BSO of 1 KB, 32 users", server, Each(32, static user => user.Request("PUT", $"/storage/tabs/r{RequestTemplate.Number}", Record(Workload.PutSize), variants: 100)), IsWritten),
        new("Sync: PUT of a BSO of 1 KB, 256 users", server, Each(Users, static user => user.Request("PUT", $"/storage/tabs/r{RequestTemplate.Number}", Record(Workload.PutSize), variants: 100)), IsWritten),
        new("Sync: POST of 100 BSOs of 300 B, 16 users", server, Each(16, static user => user.Request("POST", "/storage/forms", Records("f", PostSize, 300))),
            static (status, body) => status == 200 && body.IndexOf("\"failed\":{}"u8) >= 0),
        new("Sync: info/collections, 32 users", server, Each(32, static user => user.Request("GET", "/info/collections")), static (status, body) => status == 200 && body.Length > 10),
        new("Sync: newer, nothing new, 32 users", server, [.. Enumerable.Range(0, 32).Select(user => users[user].Request("GET", $"/storage/bookmarks?full=1&newer={stamps[user]}"))], static (status, body) => status == 200 && body.SequenceEqual("[]"u8)),
        new("Sync: 1,000 BSOs x 500 B", server, [.. Enumerable.Range(0, 8).Select(_ => users[0].Request("GET", "/storage/history?full=1"))],
            static (status, body) => status == 200 && body.Length > PageSize * 500),
    ];

    private static string Record(int size) => $$"""{"payload":"{{new string('x', size)}}"}""";

    private static string Records(string prefix, int count, int size) =>
        JsonSerializer.Serialize(Enumerable.Range(0, count).Select(i => new Dictionary<string, string>(StringComparer.Ordinal) { ["id"] = $"{prefix}{i:00000}", ["payload"] = new('x', size) }));

    private static bool IsWritten(int status, ReadOnlySpan<byte> body) => status == 200 && body.Length > 5;

    private List<RequestTemplate> Each(int connections, Func<SyncUser, RequestTemplate> make) => [.. users.Take(connections).Select(make)];
}
