using System.Text.Json;

namespace Lockstep.Bench;

/// <summary>What Pale Moon asks for, with a password, beside the like requests of <see cref="SyncWorkload"/>.</summary>
/// <param name="server">Who is measured.</param>
/// <param name="secret">The secret by which users may be made.</param>
internal sealed class Sync11Workload(ServerProcess server, string secret)
{
    /// <summary>The secret, for the server and for this program; without it Sync 1.1 is not measured.</summary>
    public const string Variable = "LOCKSTEP_SYNC11__SHARED_SECRET";

    private const int Users = 256;
    private const int PostSize = 100;
    private const int PageSize = 1000;

    private readonly string[] stamps = new string[Users];

    public async Task PrepareAsync(CancellationToken cancellationToken)
    {
        using var connection = await HttpConnection.OpenAsync(server.Address, cancellationToken);
        for (var user = 0; user < Users; user++)
        {
            var body = $$"""{"email":"{{Name(user)}}@example.org","password":"{{Accounts.PasswordOf(Name(user))}}"}""";
            await Accounts.ExpectAsync(connection, RequestTemplate.Create(server, account: null, $"PUT /user/1.0/{Name(user)}", body, $"X-Weave-Secret: {secret}\r\n"), 200, cancellationToken);
            var answer = await Accounts.ExpectAsync(connection, Request(user, "POST", "/storage/bookmarks", Records("r", PostSize, 1024)), 200, cancellationToken);
            stamps[user] = answer.Header("X-Weave-Timestamp") ?? throw new InvalidOperationException("A POST has no X-Weave-Timestamp.");
        }

        for (var part = 0; part < PageSize / PostSize; part++)
        {
            await Accounts.ExpectAsync(connection, Request(0, "POST", "/storage/history", Records($"p{part}", PostSize, 500)), 200, cancellationToken);
        }
    }

    public IReadOnlyList<Scenario> Scenarios() =>
    [
        new("Sync 1.1: PUT of a WBO of 1 KB, 32 users", server, Each(32, Put), IsWritten),
        new("Sync 1.1: PUT of a WBO of 1 KB, 256 users", server, Each(Users, Put), IsWritten),
        new("Sync 1.1: POST of 100 WBOs of 300 B, 16 users", server, Each(16, user => Request(user, "POST", "/storage/forms", Records("f", PostSize, 300))),
            static (status, body) => status == 200 && body.IndexOf("\"failed\":{}"u8) >= 0),
        new("Sync 1.1: info/collections, 32 users", server, Each(32, user => Request(user, "GET", "/info/collections")), static (status, body) => status == 200 && body.Length > 10),
        new("Sync 1.1: newer, nothing new, 32 users", server, Each(32, user => Request(user, "GET", $"/storage/bookmarks?full=1&newer={stamps[user]}")), static (status, body) => status == 200 && body.SequenceEqual("[]"u8)),
        new("Sync 1.1: 1,000 WBOs x 500 B", server, Each(8, _ => Request(0, "GET", "/storage/history?full=1")),
            static (status, body) => status == 200 && body.Length > PageSize * 500),
    ];

    /// <summary>A name that was chosen: no address has it.</summary>
    private static string Name(int user) => $"weave{user}";

    private static string Records(string prefix, int count, int size) =>
        JsonSerializer.Serialize(Enumerable.Range(0, count).Select(i => new Dictionary<string, string>(StringComparer.Ordinal) { ["id"] = $"{prefix}{i:00000}", ["payload"] = new('x', size) }));

    private static bool IsWritten(int status, ReadOnlySpan<byte> body) => status == 200 && body.Length > 5;

    private static RequestTemplate[] Each(int connections, Func<int, RequestTemplate> make) => [.. Enumerable.Range(0, connections).Select(make)];

    private RequestTemplate Put(int user) => RequestTemplate.Create(
        server, Name(user), $"PUT /1.1/{Name(user)}/storage/tabs/r{RequestTemplate.Number}", $$"""{"payload":"{{new string('x', Workload.PutSize)}}"}""", cycle: 100);

    private RequestTemplate Request(int user, string method, string path, string? body = null) => RequestTemplate.Create(server, Name(user), $"{method} /1.1/{Name(user)}{path}", body);
}
