using System.Globalization;
using Lockstep.Core.Quotas;
using Lockstep.Gateway.Kinto;

namespace Lockstep.Gateway.Protocol;

/// <summary><c>/quotas</c>: limits that administrators set while the server runs.</summary>
public sealed class StoredQuotaTests(StoredQuotaTests.AdministeredServer server) : IClassFixture<StoredQuotaTests.AdministeredServer>, IAsyncLifetime
{
    private KintoClient admin = null!;
    private readonly string name = $"quota-{Guid.NewGuid():N}";

    private string Bucket => $"/buckets/{name}";

    private string Tasks => $"{Bucket}/collections/tasks/records";

    public async Task InitializeAsync()
    {
        admin = server.As("admin", "s3cr3t");
        Assert.Equal(201, (await admin.PutAsync(Bucket, """{"data":{}}""")).Status);
        Assert.Equal(201, (await admin.PutAsync($"{Bucket}/collections/tasks", """{"data":{}}""")).Status);
    }

    public Task DisposeAsync()
    {
        admin.Dispose();
        return Task.CompletedTask;
    }

    [Fact]
    public async Task Quota_IsMadeReadChangedAndRemoved_AsAnObjectIs()
    {
        var quota = $"/quotas{Bucket}/collections/tasks";
        (await admin.GetAsync(quota)).AssertError(404, KintoErrno.InvalidResourceId);
        (await admin.DeleteAsync(quota)).AssertError(404, KintoErrno.InvalidResourceId);
        (await admin.SendAsync("PATCH", quota, """{"data":{"bytes":1}}""")).AssertError(404, KintoErrno.InvalidResourceId);

        var made = await admin.PutAsync(quota, """{"data":{"bytes":1000}}""");
        Assert.Equal(201, made.Status);
        Assert.Equal($"{Bucket}/collections/tasks", made.Json.GetProperty("data").GetProperty("id").GetString());
        Assert.Equal(1000, made.Json.GetProperty("data").GetProperty("bytes").GetInt64());
        Assert.False(made.Json.GetProperty("data").TryGetProperty("records", out _));
        var etag = made.Headers["ETag"];
        Assert.Equal(304, (await admin.GetAsync(quota, ("If-None-Match", etag))).Status);

        var patched = await admin.SendAsync("PATCH", quota, """{"data":{"records":3}}""", ("If-Match", etag));
        Assert.Equal((200, 1000L, 3L), (patched.Status, patched.Json.GetProperty("data").GetProperty("bytes").GetInt64(), patched.Json.GetProperty("data").GetProperty("records").GetInt64()));
        (await admin.PutAsync(quota, """{"data":{"bytes":1}}""", ("If-Match", etag))).AssertError(412, KintoErrno.ModifiedMeanwhile);
        (await admin.PutAsync(quota, """{"data":{"bytes":1}}""", ("If-None-Match", "*"))).AssertError(412, KintoErrno.ModifiedMeanwhile);
        (await admin.DeleteAsync(quota, ("If-Match", etag))).AssertError(412, KintoErrno.ModifiedMeanwhile);
        Assert.Equal(patched.Headers["ETag"], (await admin.GetAsync(quota)).Headers["ETag"]);

        var before = await admin.GetAsync("/quotas");
        Assert.Contains($"{Bucket}/collections/tasks", before.Ids);
        Assert.Equal(304, (await admin.GetAsync("/quotas", ("If-None-Match", before.Headers["ETag"]))).Status);
        Assert.True((await admin.DeleteAsync(quota)).Json.GetProperty("data").GetProperty("deleted").GetBoolean());
        var after = await admin.GetAsync("/quotas", ("If-None-Match", before.Headers["ETag"]));
        Assert.Equal(200, after.Status);
        Assert.DoesNotContain($"{Bucket}/collections/tasks", after.Ids);
    }

    [Theory]
    [InlineData("""{"data":{}}""")]
    [InlineData("{}")]
    [InlineData("""{"data":{"bytes":null}}""")]
    [InlineData("""{"data":{"bytes":-1}}""")]
    [InlineData("""{"data":{"bytes":1.5}}""")]
    [InlineData("""{"data":{"bytes":"1"}}""")]
    [InlineData("""{"data":{"bytes":9223372036854775808}}""")]
    [InlineData("""{"data":{"bytes":1,"size":1}}""")]
    [InlineData("""{"data":{"id":"other","bytes":1}}""")]
    [InlineData("""{"data":{"bytes":1},"permissions":{"read":["system.Everyone"]}}""")]
    public async Task Quota_ThatCannotBe_Is400_AndIsNotThere(string body)
    {
        (await admin.PutAsync($"/quotas{Bucket}", body)).AssertError(400, KintoErrno.InvalidParameters);
        (await admin.GetAsync($"/quotas{Bucket}")).AssertError(404, KintoErrno.InvalidResourceId);
    }

    [Theory]
    [InlineData("/quotas/users/alice")]
    [InlineData("/quotas/users/system.Everyone")]
    [InlineData("/quotas/buckets/default")]
    [InlineData("/quotas/buckets/b:team")]
    [InlineData("/quotas/buckets/team/collections/a b")]
    public async Task Subject_ThatCannotBe_Is400(string path) =>
        (await admin.PutAsync(path, """{"data":{"bytes":1}}""")).AssertError(400, KintoErrno.InvalidParameters);

    [Fact]
    public async Task Quotas_AreOfAdministratorsOnly()
    {
        using var user = await server.NewUserAsync();
        using var anonymous = server.Anonymous();
        foreach (var path in new[] { "/quotas", $"/quotas{Bucket}", "/quotas/users/account:admin" })
        {
            (await user.GetAsync(path)).AssertError(403, KintoErrno.Forbidden);
            (await anonymous.GetAsync(path)).AssertError(401, KintoErrno.MissingAuthToken);
        }

        (await user.PutAsync($"/quotas{Bucket}", """{"data":{"bytes":0}}""")).AssertError(403, KintoErrno.Forbidden);
        (await user.DeleteAsync($"/quotas{Bucket}")).AssertError(403, KintoErrno.Forbidden);
    }

    [Fact]
    public async Task Collection_IsLimited_AndLimitedNoMore_SoonAfterAnAdministratorSaysSo()
    {
        Assert.False((await PutAsync("a", 100)).Headers.ContainsKey("Quota-Remaining-Bytes"));

        Assert.Equal(201, (await admin.PutAsync($"/quotas{Bucket}/collections/tasks", """{"data":{"bytes":200,"records":5}}""")).Status);
        var limited = await UntilAsync(() => PutAsync("a", 100), static answer => answer.Headers.ContainsKey("Quota-Remaining-Bytes"));
        Assert.Equal(("100", "4"), (limited.Headers["Quota-Remaining-Bytes"], limited.Headers["Quota-Remaining-Records"]));
        var over = await PutAsync("b", 101);
        over.AssertError(507, KintoErrno.Forbidden);
        Assert.Equal("The collection may hold 200 bytes, and would hold 201.", over.Json.GetProperty("message").GetString());

        Assert.Equal(200, (await admin.PutAsync($"/quotas{Bucket}/collections/tasks", """{"data":{"bytes":0}}""")).Status);
        await UntilAsync(() => PutAsync("b", 101), static answer => answer.Status < 300);
        Assert.Equal(200, (await admin.DeleteAsync($"/quotas{Bucket}/collections/tasks")).Status);
    }

    [Fact]
    public async Task Bucket_IsLimited_AndLimitedNoMore_SoonAfterAnAdministratorSaysSo()
    {
        Assert.Equal(201, (await admin.PutAsync($"/quotas{Bucket}", """{"data":{"records":1}}""")).Status);

        await UntilAsync(
            async () =>
            {
                await admin.DeleteAsync(Tasks);
                await PutAsync("a", 10);
                return await PutAsync("b", 10);
            },
            static answer => answer.Status == 507);
        Assert.Equal(200, (await admin.DeleteAsync($"/quotas{Bucket}")).Status);
        await UntilAsync(() => PutAsync("b", 10), static answer => answer.Status < 300);
    }

    [Fact]
    public async Task User_IsLimited_InAllOfTheirBuckets()
    {
        using var user = await server.NewUserAsync();
        var id = (await user.GetAsync("/")).Json.GetProperty("user").GetProperty("id").GetString();
        Assert.Equal(201, (await admin.PutAsync($"/quotas/users/{id}", """{"data":{"records":3}}""")).Status);

        var number = 0;
        await UntilAsync(
            async () =>
            {
                var answer = await user.PutAsync($"/buckets/default/collections/c{number % 4}/records/r{number}", """{"data":{}}""");
                number++;
                return answer;
            },
            static answer => answer.Status == 507);

        Assert.Equal(200, (await admin.DeleteAsync($"/quotas/users/{id}")).Status);
        await UntilAsync(() => user.PutAsync("/buckets/default/collections/c/records/last", """{"data":{}}"""), static answer => answer.Status == 201);
    }

    [Fact]
    public async Task Quotas_AreListedByPages_CountedAndFiltered()
    {
        foreach (var i in Enumerable.Range(0, 3))
        {
            Assert.Equal(201, (await admin.PutAsync($"/quotas/users/account:{name}{i}", $$$"""{"data":{"bytes":{{{i + 77}}}}}""")).Status);
        }

        var filter = $"like_id=/users/account:{name}";
        Assert.Equal("3", (await admin.SendAsync("HEAD", $"/quotas?{filter}")).Headers["Total-Objects"]);
        var page = await admin.GetAsync($"/quotas?{filter}&_sort=-bytes&_limit=2");
        Assert.Equal([$"/users/account:{name}2", $"/users/account:{name}1"], page.Ids);
        Assert.True(page.Headers.ContainsKey("Next-Page"));
        Assert.Equal([$"/users/account:{name}0"], (await admin.GetAsync($"/quotas?{filter}&bytes=77")).Ids);
    }

    private async Task<KintoAnswer> PutAsync(string id, int bytes) => await admin.PutAsync($"{Tasks}/{id}", $$$"""{"data":{"a":"{{{new string('x', bytes - 8)}}}"}}""");

    /// <summary>Asks again and again until what was set is in force.</summary>
    private static async Task<KintoAnswer> UntilAsync(Func<Task<KintoAnswer>> ask, Func<KintoAnswer, bool> isIt)
    {
        for (var i = 0; ; i++)
        {
            var answer = await ask();
            if (isIt(answer))
            {
                return answer;
            }

            Assert.True(i < 5_000, string.Create(CultureInfo.InvariantCulture, $"It is still {answer.Status}: {answer.Text}"));
        }
    }

    public sealed class AdministeredServer : KintoServer, IAsyncLifetime
    {
        public AdministeredServer()
            : base(static options => options with
            {
                Accounts = options.Accounts with { Administrators = "account:admin" },
                Buckets = options.Buckets with { Quotas = new QuotaOptions { RefreshTime = TimeSpan.FromMilliseconds(20), UserTime = TimeSpan.FromMilliseconds(20) } },
            })
        {
        }

        async Task IAsyncLifetime.InitializeAsync()
        {
            await InitializeAsync();
            await AddAccountAsync("admin", "s3cr3t");
        }
    }
}
