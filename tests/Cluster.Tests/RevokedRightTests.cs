using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Lockstep.Core.Owner;
using Lockstep.Core.Permissions;
using Lockstep.Gateway.Accounts;
using Lockstep.Gateway.Http;
using Lockstep.Silo.Hosting;
using Lockstep.Storage.PostgreSql;
using Lockstep.Storage.PostgreSql.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace Lockstep.Cluster.Tests;

/// <summary>What a right still opens that was taken through another gateway: nothing, or by a group of another bucket so long as the setting says.</summary>
public sealed class RevokedRightTests : IAsyncLifetime
{
    private static readonly TimeSpan MembershipTime = TimeSpan.FromMilliseconds(700);

    private readonly Members members = new();
    private readonly HttpClient http = new();
    private LockstepOptions options = new()
    {
        Urls = "http://127.0.0.1:0",
        Accounts = new AccountOptions { PasswordIterations = 1000, RefusalTime = TimeSpan.Zero },
        Http = new HttpOptions { DrainTime = TimeSpan.Zero },
        Buckets = new BucketOptions { Access = new AccessOptions { MembershipTime = MembershipTime } },
    };

    public async Task InitializeAsync() =>
        options = options with { Postgres = new PostgresOptions { Connection = await PostgresServer.CreateDatabaseAsync() } };

    public async Task DisposeAsync()
    {
        http.Dispose();
        await members.DisposeAsync();
        await PostgresServer.DropDatabaseAsync(options.Postgres.Connection!);
    }

    [Fact]
    public async Task Right_TakenThroughOneGateway_OpensNothingThroughAnother_AndByAnotherBucketsGroupNoLongerThanTheSetting()
    {
        await members.AddAsync(options with { Role = ServerRole.Silo });
        await members.AddAsync(options with { Role = ServerRole.Silo });
        var here = await members.AddAsync(options with { Role = ServerRole.Gateway });
        var there = await members.AddAsync(options with { Role = ServerRole.Gateway });
        foreach (var name in new[] { "alice", "bob" })
        {
            Assert.NotNull(await here.Services.GetRequiredService<AccountDirectory>().AddAsync(name, "s3cr3t", CancellationToken.None));
        }

        await PutAsync(here, "/v1/buckets/club", "{}");
        await PutAsync(here, "/v1/buckets/shop", "{}");
        foreach (var (path, reader) in new[] { ("direct", "account:bob"), ("own", "/buckets/shop/groups/staff"), ("foreign", "/buckets/club/groups/staff") })
        {
            await PutAsync(here, $"/v1/buckets/shop/collections/{path}", $$$"""{"permissions":{"read":["{{{reader}}}"],"record:create":["{{{reader}}}"]}}""");
            await PutAsync(here, $"/v1/buckets/shop/collections/{path}/records/a", """{"data":{}}""");
        }

        for (var round = 0; round < 3; round++)
        {
            foreach (var bucket in new[] { "shop", "club" })
            {
                await PutAsync(here, $"/v1/buckets/{bucket}/groups/staff", """{"data":{"members":["account:bob"]}}""");
            }

            await PutAsync(here, "/v1/buckets/shop/collections/direct", """{"permissions":{"read":["account:bob"],"record:create":["account:bob"]}}""");
            Assert.Equal([HttpStatusCode.OK, HttpStatusCode.OK, HttpStatusCode.OK], await Task.WhenAll(ReadAsync(there, "direct"), ReadAsync(there, "own"), ReadAsync(there, "foreign")));

            // At once.
            await PutAsync(here, "/v1/buckets/shop/collections/direct", """{"permissions":{"read":[],"record:create":[]}}""");
            Assert.Equal((HttpStatusCode.Forbidden, HttpStatusCode.Forbidden), (await ReadAsync(there, "direct"), await WriteAsync(there, "direct")));
            await PutAsync(here, "/v1/buckets/shop/groups/staff", """{"data":{"members":[]}}""");
            Assert.Equal((HttpStatusCode.Forbidden, HttpStatusCode.Forbidden), (await ReadAsync(there, "own"), await WriteAsync(there, "own")));

            // What was asked for later than the bound after the group's change was answered is refused, whatever came before.
            await PutAsync(here, "/v1/buckets/club/groups/staff", """{"data":{"members":[]}}""");
            var taken = TimeProvider.System.GetTimestamp();
            for (var isLate = false; !isLate;)
            {
                isLate = TimeProvider.System.GetElapsedTime(taken) >= MembershipTime;
                var answers = (await ReadAsync(there, "foreign"), await WriteAsync(here, "foreign"));
                if (isLate)
                {
                    Assert.Equal((HttpStatusCode.Forbidden, HttpStatusCode.Forbidden), answers);
                }
            }
        }
    }

    private Task<HttpStatusCode> ReadAsync(WebApplication member, string collection) =>
        SendAsync(member, HttpMethod.Get, $"/v1/buckets/shop/collections/{collection}/records/a", "bob");

    private Task<HttpStatusCode> WriteAsync(WebApplication member, string collection) =>
        SendAsync(member, HttpMethod.Put, $"/v1/buckets/shop/collections/{collection}/records/{Guid.NewGuid():N}", "bob", """{"data":{}}""");

    private async Task PutAsync(WebApplication member, string path, string body) =>
        Assert.Contains(await SendAsync(member, HttpMethod.Put, path, "alice", body), (HttpStatusCode[])[HttpStatusCode.OK, HttpStatusCode.Created]);

    private async Task<HttpStatusCode> SendAsync(WebApplication member, HttpMethod method, string path, string name, string? body = null)
    {
        using var request = new HttpRequestMessage(method, new Uri(new Uri(member.Urls.First()), path))
        {
            Headers = { Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{name}:s3cr3t"))) },
            Content = body is null ? null : new StringContent(body, Encoding.UTF8, "application/json"),
        };
        using var answer = await http.SendAsync(request);
        return answer.StatusCode;
    }
}
