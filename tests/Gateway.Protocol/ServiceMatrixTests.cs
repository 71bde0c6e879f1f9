using System.Collections.Concurrent;
using Lockstep.Gateway.Accounts;
using Lockstep.Gateway.Kinto;

namespace Lockstep.Gateway.Protocol;

/// <summary>
/// Every endpoint that is not below a bucket, with every method, as everybody there can be: one table of what is answered. Each cell is asked about an account of
/// its own, once alone and once as a part of a batch. What is below buckets is in <see cref="PermissionMatrixTests"/>.
/// </summary>
public sealed class ServiceMatrixTests(ServiceMatrixTests.Server server) : IClassFixture<ServiceMatrixTests.Server>
{
    // Who asks, in the order of the table's columns. {me} is the account "self", which has made the bucket {b}; M is a name that nobody has.
    private static readonly string[] Callers = ["self", "other", "nobody", "admin"];

    private const string Table =
        """
        GET    /accounts                                | 200 200 401 200
        HEAD   /accounts                                | 200 200 401 200
        POST   /accounts                                | 403 403 401 201
        GET    /accounts/{me}                           | 200 403 401 200
        HEAD   /accounts/{me}                           | 200 403 401 200
        PUT    /accounts/{me}                           | 200 403 401 200
        PATCH  /accounts/{me}                           | 200 403 401 200
        DELETE /accounts/{me}                           | 200 403 401 200
        GET    /accounts/M                              | 403 403 401 404
        HEAD   /accounts/M                              | 403 403 401 404
        PUT    /accounts/M                              | 403 403 401 201
        PATCH  /accounts/M                              | 403 403 401 404
        DELETE /accounts/M                              | 403 403 401 404
        GET    /buckets                                 | 200 200 401 200
        HEAD   /buckets                                 | 200 200 401 200
        POST   /buckets                                 | 201 201 401 201
        DELETE /buckets                                 | 200 200 401 200
        GET    /permissions                             | 200 200 200 200
        HEAD   /permissions                             | 200 200 200 200
        GET    /quotas                                  | 403 403 401 200
        HEAD   /quotas                                  | 403 403 401 200
        GET    /quotas/users/account:{me}               | 403 403 401 200
        HEAD   /quotas/users/account:{me}               | 403 403 401 200
        PUT    /quotas/users/account:{me}               | 403 403 401 201
        PATCH  /quotas/users/account:{me}               | 403 403 401 200
        DELETE /quotas/users/account:{me}               | 403 403 401 200
        GET    /quotas/buckets/{b}                      | 403 403 401 200
        HEAD   /quotas/buckets/{b}                      | 403 403 401 200
        PUT    /quotas/buckets/{b}                      | 403 403 401 201
        PATCH  /quotas/buckets/{b}                      | 403 403 401 200
        DELETE /quotas/buckets/{b}                      | 403 403 401 200
        GET    /quotas/buckets/{b}/collections/c        | 403 403 401 200
        HEAD   /quotas/buckets/{b}/collections/c        | 403 403 401 200
        PUT    /quotas/buckets/{b}/collections/c        | 403 403 401 201
        PATCH  /quotas/buckets/{b}/collections/c        | 403 403 401 200
        DELETE /quotas/buckets/{b}/collections/c        | 403 403 401 200
        GET    /subscriptions                           | 200 200 401 200
        HEAD   /subscriptions                           | 200 200 401 200
        GET    /subscriptions/s                         | 200 404 401 404
        HEAD   /subscriptions/s                         | 200 404 401 404
        PUT    /subscriptions/s                         | 201 403 401 403
        DELETE /subscriptions/s                         | 200 404 401 404
        DELETE /__user_data__/corp:{me}                 | 403 403 401 200
        POST   /__ticket__                              | 201 201 401 201
        GET    /                                        | 200 200 200 200
        HEAD   /                                        | 200 200 200 200
        GET    /__version__                             | 200 200 200 200
        HEAD   /__version__                             | 200 200 200 200
        """;

    public sealed class Server() : KintoServer(static options => options with
    {
        Accounts = options.Accounts with { Registration = Registration.Closed, Administrators = "account:admin" },
        Kinto = options.Kinto with { Push = PushServer.Push },
    })
    {
        /// <summary>Accounts that there are.</summary>
        public ConcurrentDictionary<string, byte> Names { get; } = new(StringComparer.Ordinal);
    }

    public static TheoryData<string> Rows => [.. Table.Split('\n').Select(static row => row.Trim())];

    [Theory]
    [MemberData(nameof(Rows))]
    public async Task Cell_OfTheTable_IsAnsweredAsItSays(string row)
    {
        var cells = row.Split('|', StringSplitOptions.TrimEntries);
        var (request, expected) = (cells[0].Split(' ', StringSplitOptions.RemoveEmptyEntries), cells[1].Split(' '));
        for (var i = 0; i < Callers.Length; i++)
        {
            var alone = await AskAsync(Callers[i], request[0], request[1], inBatch: false);
            Assert.Equal((Callers[i], expected[i]), (Callers[i], $"{alone}"));
            if (request[1] is not "/__ticket__")
            {
                Assert.Equal((Callers[i], $"{expected[i]} in a batch"), (Callers[i], $"{await AskAsync(Callers[i], request[0], request[1], inBatch: true)} in a batch"));
            }
        }
    }

    [Fact]
    public void Table_HasEveryMethodOfEveryResourceThatIsNotBelowABucket()
    {
        // Everybody's, or for what is off here: tested where it is on.
        string[] elsewhere =
        [
            "/batch", "/__heartbeat__", "/__lbheartbeat__", "/__flush__", "/openid/{provider}/login", "/openid/{provider}/token", "/__api__", "/__docs__", "/__docs__/{file}",
            "/contribute.json", "/__metrics__", "/attachments/{file}",
        ];
        var covered = Table.Split('\n').Select(static row => row.Split('|')[0].Split(' ', StringSplitOptions.RemoveEmptyEntries)).Select(static request => $"{request[0]} {Template(request[1])}").ToHashSet(StringComparer.Ordinal);
        var served = KintoResources.All.Where(resource => !resource.Template.Text.StartsWith("/buckets/", StringComparison.Ordinal) && !elsewhere.Contains(resource.Template.Text))
            .SelectMany(static resource => resource.Methods, static (resource, method) => $"{method.Name} {resource.Template.Text}");

        Assert.Empty(served.Except(covered));
    }

    private static string Template(string path) => path
        .Replace("/accounts/{me}", "/accounts/{account}", StringComparison.Ordinal).Replace("/accounts/M", "/accounts/{account}", StringComparison.Ordinal)
        .Replace("account:{me}", "{principal}", StringComparison.Ordinal).Replace("corp:{me}", "{principal}", StringComparison.Ordinal).Replace("{b}", "{bucket}", StringComparison.Ordinal).Replace("collections/c", "collections/{collection}", StringComparison.Ordinal)
        .Replace("/subscriptions/s", "/subscriptions/{subscription}", StringComparison.Ordinal);

    private async Task<int> AskAsync(string caller, string method, string path, bool inBatch)
    {
        var name = $"a{Guid.NewGuid():N}";
        await AddAsync(name);
        using var self = server.As(name, "s3cr3t");
        var bucket = $"b{name}";
        Assert.Equal(201, (await self.PutAsync($"/buckets/{bucket}", "{}")).Status);
        Assert.Equal(201, (await self.PutAsync($"/buckets/{bucket}/collections/c", "{}")).Status);
        if (path.StartsWith("/quotas/", StringComparison.Ordinal) && method is not "PUT")
        {
            await AddAsync("admin");
            using var admin = server.As("admin", "s3cr3t");
            Assert.Equal(201, (await admin.PutAsync(Fill(path), """{"data":{"records":9}}""")).Status);
        }

        using var app = new PushApp();
        if (path is "/subscriptions/s" && method is not "PUT")
        {
            Assert.Equal(201, (await self.PutAsync(path, app.Body($"/buckets/{bucket}"))).Status);
        }

        if (caller is "other" or "admin")
        {
            await AddAsync(caller);
        }

        using var client = caller switch
        {
            "self" => server.As(name, "s3cr3t"),
            "nobody" => server.Anonymous(),
            _ => server.As(caller, "s3cr3t"),
        };
        var body = (method, path) switch
        {
            ("POST", "/accounts") => $$$"""{"data":{"id":"new{{{Guid.NewGuid():N}}}","password":"s3cr3t"}}""",
            ("PUT" or "PATCH", _) when path.StartsWith("/accounts/", StringComparison.Ordinal) => """{"data":{"password":"0ther-0ne"}}""",
            ("PUT", "/subscriptions/s") => app.Body($"/buckets/{bucket}/collections/c"),
            ("PUT" or "PATCH", _) => """{"data":{"records":10}}""",
            ("POST", "/buckets") => "{}",
            _ => null,
        };
        var target = Fill(path).Replace("/M", $"/m{Guid.NewGuid():N}", StringComparison.Ordinal);
        if (!inBatch)
        {
            return (await client.SendAsync(method, target, body)).Status;
        }

        var batch = await client.PostAsync("/batch", $$"""{"requests":[{"method":"{{method}}","path":"/v1{{target}}"{{(body is null ? "" : $",\"body\":{body}")}}}]}""");
        return batch.Json.GetProperty("responses")[0].GetProperty("status").GetInt32();

        string Fill(string text) => text.Replace("{me}", name, StringComparison.Ordinal).Replace("{b}", bucket, StringComparison.Ordinal);
    }

    private async Task AddAsync(string name)
    {
        if (server.Names.TryAdd(name, 0))
        {
            await server.AddAccountAsync(name, "s3cr3t");
        }
    }
}
