using System.Text.Json;
using Lockstep.Gateway.Kinto;

namespace Lockstep.Gateway.Protocol;

/// <summary>
/// Every endpoint below <c>/buckets</c>, with every method and the preconditions that matter, as everybody there can be: one table of
/// what is answered. Each cell is asked of a bucket of its own, once alone and once as a part of a batch.
/// </summary>
public sealed partial class PermissionMatrixTests : IClassFixture<PermissionMatrixTests.Server>, IAsyncLifetime
{
    private const string Secret = "nobody-else-may-read-this";

    // Who asks, in the order of the table's columns. The member may write the collection c through a group, the reader may read it, the
    // creator may make records in it. The administrator may everything by the settings.
    private static readonly string[] Callers = ["owner", "member", "reader", "creator", "other", "nobody", "admin"];

    // c is shared as above, d is not. r is a record of the owner in both; x, new and missing are not there, nor is the bucket M.
    // {b}, {c}, {r} and {l} are the ETags of the bucket, of c, of its record and of its list of records, and {at} is the stamp of the last. To restore
    private const string Table =
        """
        GET    B                          |                        | 200 403 403 403 403 401 200
        HEAD   B                          |                        | 200 403 403 403 403 401 200
        GET    B                          | If-None-Match: {b}     | 304 403 403 403 403 401 304
        PUT    B                          |                        | 200 403 403 403 403 401 200
        PUT    B                          | If-None-Match: *       | 412 412 412 412 412 401 412
        PUT    B                          | If-Match: "1"          | 412 403 403 403 403 401 412
        PATCH  B                          |                        | 200 403 403 403 403 401 200
        DELETE B                          |                        | 200 403 403 403 403 401 200
        GET    M                          |                        | 403 403 403 403 403 401 404
        HEAD   M                          |                        | 403 403 403 403 403 401 404
        PATCH  M                          |                        | 403 403 403 403 403 401 404
        DELETE M                          |                        | 403 403 403 403 403 401 404
        PUT    M                          |                        | 201 201 201 201 201 401 201
        PUT    M                          | If-Match: *            | 412 412 412 412 412 401 412
        GET    M/collections              |                        | 403 403 403 403 403 401 404
        PUT    M/collections/c            |                        | 403 403 403 403 403 401 404
        GET    M/collections/c/records    |                        | 403 403 403 403 403 401 404
        PUT    M/collections/c/records/r  |                        | 403 403 403 403 403 401 404
        GET    M/groups                   |                        | 403 403 403 403 403 401 404
        GET    B/collections              |                        | 200 200 200 200 403 401 200
        HEAD   B/collections              |                        | 200 200 200 200 403 401 200
        POST   B/collections              |                        | 201 403 403 403 403 401 201
        DELETE B/collections              |                        | 200 200 403 403 403 401 200
        GET    B/collections/c            |                        | 200 200 200 200 403 401 200
        HEAD   B/collections/c            |                        | 200 200 200 200 403 401 200
        GET    B/collections/c            | If-None-Match: {c}     | 304 304 304 304 403 401 304
        PUT    B/collections/c            |                        | 200 200 403 403 403 401 200
        PUT    B/collections/c            | If-None-Match: *       | 412 403 403 403 403 401 412
        PATCH  B/collections/c            |                        | 200 200 403 403 403 401 200
        DELETE B/collections/c            |                        | 200 200 403 403 403 401 200
        GET    B/collections/d            |                        | 200 403 403 403 403 401 200
        PUT    B/collections/d            |                        | 200 403 403 403 403 401 200
        DELETE B/collections/d            |                        | 200 403 403 403 403 401 200
        GET    B/collections/x            |                        | 404 403 403 403 403 401 404
        PUT    B/collections/x            |                        | 201 403 403 403 403 401 201
        PATCH  B/collections/x            |                        | 404 403 403 403 403 401 404
        DELETE B/collections/x            |                        | 404 403 403 403 403 401 404
        GET    B/groups                   |                        | 200 403 403 403 403 401 200
        HEAD   B/groups                   |                        | 200 403 403 403 403 401 200
        POST   B/groups                   |                        | 201 403 403 403 403 401 201
        DELETE B/groups                   |                        | 200 403 403 403 403 401 200
        GET    B/groups/staff             |                        | 200 403 403 403 403 401 200
        HEAD   B/groups/staff             |                        | 200 403 403 403 403 401 200
        PUT    B/groups/staff             |                        | 200 403 403 403 403 401 200
        PATCH  B/groups/staff             |                        | 200 403 403 403 403 401 200
        DELETE B/groups/staff             |                        | 200 403 403 403 403 401 200
        GET    B/groups/x                 |                        | 404 403 403 403 403 401 404
        PUT    B/groups/x                 |                        | 201 403 403 403 403 401 201
        GET    B/collections/c/records    |                        | 200 200 200 200 403 401 200
        HEAD   B/collections/c/records    |                        | 200 200 200 200 403 401 200
        GET    B/collections/c/records    | If-None-Match: {l}     | 304 304 304 200 403 401 304
        GET    B/collections/c/records    | If-Match: {l}          | 200 200 200 412 403 401 200
        POST   B/collections/c/records    |                        | 201 201 403 201 403 401 201
        POST   B/collections/c/records r  |                        | 200 200 200 403 403 401 200
        POST   B/collections/c/records r  | If-None-Match: *       | 412 412 412 403 403 401 412
        DELETE B/collections/c/records    |                        | 200 200 403 200 403 401 200
        DELETE B/collections/c/records    | If-Match: "1"          | 412 412 403 412 403 401 412
        GET    B/collections/c/records/r  |                        | 200 200 200 403 403 401 200
        HEAD   B/collections/c/records/r  |                        | 200 200 200 403 403 401 200
        GET    B/collections/c/records/r  | If-None-Match: {r}     | 304 304 304 403 403 401 304
        GET    B/collections/c/records/r  | If-Match: "1"          | 412 412 412 403 403 401 412
        PUT    B/collections/c/records/r  |                        | 200 200 403 403 403 401 200
        PUT    B/collections/c/records/r  | If-None-Match: *       | 412 412 403 412 403 401 412
        PUT    B/collections/c/records/r  | If-Match: "1"          | 412 412 403 403 403 401 412
        PATCH  B/collections/c/records/r  |                        | 200 200 403 403 403 401 200
        DELETE B/collections/c/records/r  |                        | 200 200 403 403 403 401 200
        DELETE B/collections/c/records/r  | If-Match: "1"          | 412 412 403 403 403 401 412
        GET    B/collections/c/records/x  |                        | 404 404 404 403 403 401 404
        PUT    B/collections/c/records/x  |                        | 201 201 403 201 403 401 201
        PUT    B/collections/c/records/x  | If-Match: "1"          | 412 412 403 412 403 401 412
        PATCH  B/collections/c/records/x  |                        | 404 404 404 403 403 401 404
        DELETE B/collections/c/records/x  |                        | 404 404 404 403 403 401 404
        GET    B/collections/d/records    |                        | 200 403 403 403 403 401 200
        HEAD   B/collections/d/records    |                        | 200 403 403 403 403 401 200
        POST   B/collections/d/records    |                        | 201 403 403 403 403 401 201
        DELETE B/collections/d/records    |                        | 200 403 403 403 403 401 200
        GET    B/collections/d/records/r  |                        | 200 403 403 403 403 401 200
        PUT    B/collections/d/records/r  |                        | 200 403 403 403 403 401 200
        PATCH  B/collections/d/records/r  |                        | 200 403 403 403 403 401 200
        DELETE B/collections/d/records/r  |                        | 200 403 403 403 403 401 200
        GET    B/collections/d/records/x  |                        | 404 403 403 403 403 401 404
        GET    B/collections/x/records    |                        | 404 403 403 403 403 401 404
        PUT    B/collections/x/records/r  |                        | 404 403 403 403 403 401 404
        DELETE B/collections/x/records    |                        | 404 403 403 403 403 401 404
        GET    B/history                  |                        | 200 200 200 403 403 401 200
        HEAD   B/history                  |                        | 200 200 200 403 403 401 200
        DELETE B/history                  |                        | 200 403 403 403 403 401 200
        GET    M/history                  |                        | 403 403 403 403 403 401 404
        GET    B/snapshot/collections/c@{at} |                     | 200 200 200 403 403 401 200
        HEAD   B/snapshot/collections/c@{at} |                     | 200 200 200 403 403 401 200
        POST   B/snapshot/collections/c@{at} |                     | 200 200 200 403 403 401 200
        GET    B/snapshot/collections/d@{at} |                     | 200 403 403 403 403 401 200
        POST   B/snapshot/collections/d@{at} |                     | 200 403 403 403 403 401 200
        GET    B/snapshot/collections/x@{at} |                     | 404 403 403 403 403 401 404
        POST   B/snapshot/collections/x@{at} |                     | 404 403 403 403 403 401 404
        POST   B/collections/c/records/r/attachment |              | 400 400 403 403 403 401 400
        POST   B/collections/c/records/r/attachment | If-None-Match: * | 412 412 403 412 403 401 412
        POST   B/collections/c/records/x/attachment |              | 400 400 403 400 403 401 400
        POST   B/collections/d/records/r/attachment |              | 400 403 403 403 403 401 400
        POST   B/collections/x/records/r/attachment |              | 404 403 403 403 403 401 404
        DELETE B/collections/c/records/r/attachment |              | 204 204 403 403 403 401 204
        DELETE B/collections/c/records/x/attachment |              | 404 404 404 403 403 401 404
        DELETE B/collections/d/records/r/attachment |              | 204 403 403 403 403 401 204
        GET    B/collections/c/indexes    |                        | 200 200 200 403 403 401 200
        HEAD   B/collections/c/indexes    |                        | 200 200 200 403 403 401 200
        GET    B/collections/d/indexes    |                        | 200 403 403 403 403 401 200
        GET    B/collections/x/indexes    |                        | 404 403 403 403 403 401 404
        """;

    // How many objects HEAD of a list tells of, where it tells.
    private static readonly Dictionary<string, string[]> Totals = new(StringComparer.Ordinal)
    {
        ["B/collections"] = ["2", "1", "1", "1", "", "", "2"],
        ["B/groups"] = ["1", "", "", "", "", "", "1"],
        ["B/collections/c/records"] = ["1", "1", "1", "0", "", "", "1"],
        ["B/collections/d/records"] = ["1", "", "", "", "", "", "1"],
        ["B/history"] = ["6", "2", "2", "", "", "", "6"],
    };

    private readonly KintoServer server;
    private readonly Dictionary<string, KintoClient> clients = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> ids = new(StringComparer.Ordinal);

    public PermissionMatrixTests(Server server) => this.server = server;

    public sealed class Server() : KintoServer(static options => options with
    {
        Kinto = options.Kinto with { History = options.Kinto.History with { Enabled = true } },
        Buckets = options.Buckets with
        {
            Access = options.Buckets.Access with
            {
                BucketWritePrincipals = "account:admin",
                CollectionWritePrincipals = "account:admin",
                GroupWritePrincipals = "account:admin",
                RecordWritePrincipals = "account:somebody, account:admin",
            },
        },
    });

    public static TheoryData<string> Rows => [.. Table.Split('\n').Select(static row => row.Trim())];

    public async Task InitializeAsync()
    {
        foreach (var caller in Callers)
        {
            if (caller is "admin")
            {
                using var anonymous = server.Anonymous();
                _ = await anonymous.PutAsync("/accounts/admin", """{"data":{"password":"s3cr3t"}}""");
            }

            clients[caller] = caller is "nobody" ? server.Anonymous() : caller is "admin" ? server.As("admin", "s3cr3t") : await server.NewUserAsync();
            ids[caller] = caller is "nobody" ? "" : (await clients[caller].GetAsync("/")).Json.GetProperty("user").GetProperty("id").GetString()!;
        }
    }

    public Task DisposeAsync()
    {
        foreach (var client in clients.Values)
        {
            client.Dispose();
        }

        return Task.CompletedTask;
    }

    [Theory]
    [MemberData(nameof(Rows))]
    public async Task Cell_OfTheTable_IsAnsweredAsItSays(string row)
    {
        var (method, path, body, condition, expected) = Read(row);
        var refusals = new Dictionary<string, string>(StringComparer.Ordinal);
        for (var i = 0; i < Callers.Length; i++)
        {
            var client = clients[Callers[i]];
            var alone = await AskAsync(client, await NewWorldAsync(), method, path, body, condition);
            var part = await AskInBatchAsync(client, await NewWorldAsync(), method, path, body, condition);

            Assert.Equal((Callers[i], expected[i], expected[i]), (Callers[i], alone.Status, part.Status));
            if (alone.Status >= 400)
            {
                var mayRead = alone.Status == 412 && Callers[i] is not "creator" && !(path is "B" && Callers[i] is not ("owner" or "admin"));
                Assert.True(mayRead || !(alone.Text + part.Text).Contains(Secret, StringComparison.Ordinal), $"{Callers[i]} was told what they may not read: {alone.Text}");
                Assert.True(mayRead || alone.Headers.GetValueOrDefault("ETag", "\"0\"") is "\"0\"", $"{Callers[i]} was told a stamp: {alone.Headers.GetValueOrDefault("ETag")}");
                Assert.Equal(alone.Status is 401, alone.Headers.ContainsKey("WWW-Authenticate"));
            }

            if (method is "HEAD" && Totals.TryGetValue(path, out var totals))
            {
                Assert.Equal((Callers[i], totals[i]), (Callers[i], alone.Headers.GetValueOrDefault("Total-Objects", "")));
            }
        }
    }

    /// <summary>What there is must look, to those who may not know, as what there is not.</summary>
    [Theory]
    [InlineData("B", "M")]
    [InlineData("B/collections", "M/collections")]
    [InlineData("B/collections/d", "B/collections/x")]
    [InlineData("B/collections/d/records", "B/collections/x/records")]
    [InlineData("B/collections/d/records/r", "B/collections/d/records/x")]
    [InlineData("B/collections/c/records/r", "B/collections/c/records/x")]
    [InlineData("B/groups/staff", "B/groups/x")]
    public async Task Refusal_IsTheSame_WhetherItIsThereOrNot(string there, string missing)
    {
        foreach (var caller in new[] { "other", "nobody" })
        {
            foreach (var method in new[] { "GET", "HEAD", "PATCH", "DELETE" })
            {
                var world = await NewWorldAsync();
                var body = method is "PATCH" ? """{"data":{"a":1}}""" : null;
                if (method is "PATCH" && there.Split('/').Length % 2 == 0)
                {
                    continue;
                }

                var (one, other) = (await AskAsync(clients[caller], world, method, there, body, ""), await AskAsync(clients[caller], world, method, missing, body, ""));
                Assert.Equal((one.Status, one.Text), (other.Status, other.Text));
                Assert.Equal(Names(one), Names(other));
            }
        }

        static IEnumerable<string> Names(KintoAnswer answer) => answer.Headers.Keys.Order(StringComparer.Ordinal);
    }

    /// <summary>A resource or method that is new must be in the table.</summary>
    [Fact]
    public void Table_HasEveryMethodOfEveryResourceBelowABucket()
    {
        var covered = Table.Split('\n').Select(static row => Read(row.Trim())).Select(static row => $"{row.Method} {Template(row.Path)}").ToHashSet(StringComparer.Ordinal);
        var served = KintoResources.All.Where(static resource => resource.Template.Text.StartsWith("/buckets/", StringComparison.Ordinal))
            .SelectMany(static resource => resource.Methods, static (resource, method) => $"{method.Name} {resource.Template.Text}");

        Assert.Empty(served.Except(covered));
    }

    private static string Template(string path)
    {
        var parts = path.Split('/');
        string[] names = parts.ElementAtOrDefault(1) switch
        {
            "groups" => ["{bucket}", "groups", "{group}"],
            "history" => ["{bucket}", "history"],
            "snapshot" => ["{bucket}", "snapshot", "collections", "{snapshot}"],
            _ => ["{bucket}", "collections", "{collection}", parts.ElementAtOrDefault(3) is "indexes" ? "indexes" : "records", "{record}", "attachment"],
        };
        return "/buckets/" + string.Join('/', names.Take(parts.Length));
    }

    private static (string Method, string Path, string? Body, string Condition, int[] Expected) Read(string row)
    {
        var cells = row.Split('|', StringSplitOptions.TrimEntries);
        var request = cells[0].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var body = request[0] switch
        {
            "POST" when request.Length > 2 => $$$"""{"data":{"id":"{{{request[2]}}}"}}""",
            "PUT" or "POST" => """{"data":{"a":1}}""",
            "PATCH" => """{"data":{"a":1}}""",
            _ => null,
        };
        return (request[0], request[1], body, cells[1], [.. cells[2].Split(' ').Select(int.Parse)]);
    }

    private static (string Name, string Value)[] Headers(World world, string condition)
    {
        if (condition.Length == 0)
        {
            return [];
        }

        var parts = condition.Split(": ");
        return [(parts[0], parts[1].Replace("{b}", world.BucketETag, StringComparison.Ordinal).Replace("{c}", world.CollectionETag, StringComparison.Ordinal)
            .Replace("{r}", world.RecordETag, StringComparison.Ordinal).Replace("{l}", world.ListETag, StringComparison.Ordinal))];
    }

    private static string At(World world, string path) =>
        (path[0] == 'B' ? world.Bucket + path[1..] : world.Missing + path[1..]).Replace("{at}", world.ListETag.Trim('"'), StringComparison.Ordinal);

    private static Task<KintoAnswer> AskAsync(KintoClient client, World world, string method, string path, string? body, string condition) =>
        client.SendAsync(method, At(world, path), body, Headers(world, condition));

    private static async Task<(int Status, string Text)> AskInBatchAsync(KintoClient client, World world, string method, string path, string? body, string condition)
    {
        var part = new Dictionary<string, object> { ["method"] = method, ["path"] = At(world, path) };
        if (body is not null)
        {
            part["body"] = JsonDocument.Parse(body).RootElement;
        }

        part["headers"] = Headers(world, condition).ToDictionary(static header => header.Name, static header => header.Value, StringComparer.Ordinal);
        var answer = await client.PostAsync("/batch", JsonSerializer.Serialize(new Dictionary<string, object> { ["requests"] = new[] { part } }));
        var response = answer.Json.GetProperty("responses")[0];
        return (response.GetProperty("status").GetInt32(), response.GetProperty("body").GetRawText());
    }

    private async Task<World> NewWorldAsync()
    {
        var (bucket, missing) = ($"/buckets/b-{Guid.NewGuid():N}", $"/buckets/m-{Guid.NewGuid():N}");
        var data = new Dictionary<string, object> { ["secret"] = Secret };
        var requests = new[]
        {
            Put(bucket, new { data }),
            Put(bucket + "/groups/staff", new { data = new Dictionary<string, object> { ["secret"] = Secret, ["members"] = new[] { ids["member"] } } }),
            Put(bucket + "/collections/c", new
            {
                data,
                permissions = new Dictionary<string, string[]>
                {
                    ["write"] = [bucket + "/groups/staff"],
                    ["read"] = [ids["reader"]],
                    ["record:create"] = [ids["creator"]],
                },
            }),
            Put(bucket + "/collections/d", new { data }),
            Put(bucket + "/collections/c/records/r", new { data }),
            Put(bucket + "/collections/d/records/r", new { data }),
        };
        var made = await clients["owner"].PostAsync("/batch", JsonSerializer.Serialize(new { requests }));
        var parts = made.Json.GetProperty("responses").EnumerateArray().ToArray();
        Assert.All(parts, static part => Assert.Equal(201, part.GetProperty("status").GetInt32()));
        return new World(bucket, missing, ETag(parts[0]), ETag(parts[2]), ETag(parts[4]), ETag(parts[4]));

        static object Put(string path, object body) => new { method = "PUT", path, body };
        static string ETag(JsonElement part) => part.GetProperty("headers").GetProperty("ETag").GetString()!;
    }

    private sealed record World(string Bucket, string Missing, string BucketETag, string CollectionETag, string RecordETag, string ListETag);
}
