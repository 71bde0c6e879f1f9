using Lockstep.Gateway.Kinto;

namespace Lockstep.Gateway.Protocol;

/// <summary>What spans buckets: which of them somebody sees, and all that they have a right on.</summary>
public sealed class PermissionListTests : IClassFixture<KintoServer>
{
    private readonly KintoServer server;

    public PermissionListTests(KintoServer server) => this.server = server;

    private async Task<(KintoClient Client, string Id)> UserAsync()
    {
        var client = await server.NewUserAsync();
        return (client, (await client.GetAsync("/")).Json.GetProperty("user").GetProperty("id").GetString()!);
    }

    private static string NewBucket() => $"listed-{Guid.NewGuid():N}";

    private static async Task PutAsync(KintoClient client, string path, string body = "{}")
    {
        var answer = await client.PutAsync(path, body);
        Assert.True(answer.Status is 200 or 201, $"{path}: {answer.Status} {answer.Text}");
    }

    [Fact]
    public async Task Buckets_AreOnesOwn_AndThoseThatNameOne()
    {
        var ((alice, _), (bob, bobId), (carol, _)) = (await UserAsync(), await UserAsync(), await UserAsync());
        var (own, read, made, grouped, hidden) = (NewBucket(), NewBucket(), NewBucket(), NewBucket(), NewBucket());
        await PutAsync(bob, "/buckets/" + own);
        await PutAsync(alice, "/buckets/" + read, $$$"""{"data":{"n":1},"permissions":{"read":["{{{bobId}}}"]} }""");
        await PutAsync(alice, "/buckets/" + made, $$$"""{"permissions":{"collection:create":["{{{bobId}}}"]} }""");
        await PutAsync(alice, "/buckets/" + grouped, $$$"""{"permissions":{"write":["/buckets/{{{grouped}}}/groups/g"]} }""");
        await PutAsync(alice, $"/buckets/{grouped}/groups/g", $$$"""{"data":{"members":["{{{bobId}}}"]} }""");
        await PutAsync(alice, "/buckets/" + hidden, """{"permissions":{"read":["a:b"]}}""");

        var listed = await bob.GetAsync("/buckets?_sort=id");
        Assert.Equal(new[] { own, read, made, grouped }.Order(StringComparer.Ordinal), listed.Ids);
        Assert.Equal(1, listed.Data.EnumerateArray().Single(bucket => bucket.GetProperty("id").GetString() == read).GetProperty("n").GetInt32());
        Assert.Equal("4", (await bob.SendAsync("HEAD", "/buckets")).Headers["Total-Objects"]);
        Assert.Equal([read], (await bob.GetAsync($"/buckets?in_id={read},{hidden}")).Ids);
        var (ids, next) = (new List<string>(), "/buckets?_limit=1");
        while (next.Length > 0)
        {
            var page = await bob.GetAsync(next);
            ids.AddRange(page.Ids);
            next = page.Headers.TryGetValue("Next-Page", out var url) ? url[(url.IndexOf("/v1", StringComparison.Ordinal) + 3)..] : "";
        }

        Assert.Equal(listed.Ids, ids.Order(StringComparer.Ordinal));
        Assert.Empty((await carol.GetAsync("/buckets")).Ids);
        await PutAsync(alice, "/buckets/" + read, """{"permissions":{"read":[]}}""");
        Assert.DoesNotContain(read, (await bob.GetAsync("/buckets")).Ids);

        // All that one may delete goes.
        Assert.Equal(new[] { own, grouped }.Order(StringComparer.Ordinal), (await bob.DeleteAsync("/buckets?_sort=id")).Ids.Order(StringComparer.Ordinal));
        Assert.Equal([made], (await bob.GetAsync("/buckets")).Ids);
    }

    /// <summary>Who named the former group did not mean this one.</summary>
    [Fact]
    public async Task Buckets_ThatNameAGroupFromBeforeItWasMadeAnew_AreNotListed()
    {
        var ((alice, _), (bob, bobId)) = (await UserAsync(), await UserAsync());
        var (club, former, meant) = (NewBucket(), NewBucket(), NewBucket());
        var names = $$$"""{"permissions":{"read":["/buckets/{{{club}}}/groups/g"]} }""";
        await PutAsync(alice, "/buckets/" + club);
        await PutAsync(alice, $"/buckets/{club}/groups/g");
        await PutAsync(alice, "/buckets/" + former, names);
        await alice.DeleteAsync($"/buckets/{club}/groups/g");
        await PutAsync(alice, $"/buckets/{club}/groups/g", $$$"""{"data":{"members":["{{{bobId}}}"]} }""");
        await PutAsync(alice, "/buckets/" + meant, names);

        Assert.Equal([meant], (await bob.GetAsync("/buckets")).Ids);
        Assert.Equal("1", (await bob.SendAsync("HEAD", "/buckets")).Headers["Total-Objects"]);
    }

    [Fact]
    public async Task Permissions_AreOfWhatIsOnesOwn_AndOfWhatNamesOne()
    {
        var ((alice, _), (bob, bobId)) = (await UserAsync(), await UserAsync());
        var (own, shared) = (NewBucket(), NewBucket());
        await PutAsync(bob, "/buckets/" + own);
        await PutAsync(bob, $"/buckets/{own}/collections/c");
        await PutAsync(bob, $"/buckets/{own}/groups/g");
        await PutAsync(alice, "/buckets/" + shared);
        await PutAsync(alice, $"/buckets/{shared}/collections/c", $$$"""{"permissions":{"record:create":["{{{bobId}}}"]} }""");
        await PutAsync(alice, $"/buckets/{shared}/collections/d", $$$"""{"permissions":{"write":["/buckets/{{{shared}}}/groups/g"]} }""");
        await PutAsync(alice, $"/buckets/{shared}/groups/g", $$$"""{"data":{"members":["{{{bobId}}}"]} }""");
        await PutAsync(alice, $"/buckets/{shared}/collections/c/records/hers");
        await PutAsync(bob, $"/buckets/{shared}/collections/c/records/his");

        var name = bobId["account:".Length..];
        var all = await bob.GetAsync("/permissions");
        Assert.Equal("\"0\"", all.ETag);
        var entries = all.Data.EnumerateArray().ToDictionary(
            entry => entry.GetProperty("uri").GetString()!,
            entry => string.Join(' ', entry.GetProperty("permissions").EnumerateArray().Select(permission => permission.GetString()).Order(StringComparer.Ordinal)));
        Assert.Equal(
            new SortedDictionary<string, string>(StringComparer.Ordinal)
            {
                ["/"] = "account:create bucket:create",
                [$"/accounts/{name}"] = "read write",
                [$"/buckets/{own}"] = "collection:create group:create read read:attributes write",
                [$"/buckets/{own}/collections/c"] = "read read:attributes record:create write",
                [$"/buckets/{own}/groups/g"] = "read write",
                [$"/buckets/{shared}/collections/c"] = "read:attributes record:create",
                [$"/buckets/{shared}/collections/d"] = "read read:attributes record:create write",
                [$"/buckets/{shared}/collections/c/records/his"] = "read write",
            },
            new SortedDictionary<string, string>(entries, StringComparer.Ordinal));
        var record = (await bob.GetAsync("/permissions?resource_name=record")).Data[0];
        Assert.Equal(("his", shared, "c"), (record.GetProperty("record_id").GetString(), record.GetProperty("bucket_id").GetString(), record.GetProperty("collection_id").GetString()));
        var account = Assert.Single((await bob.GetAsync($"/permissions?account_id={name}")).Data.EnumerateArray());
        Assert.Equal(("account", name), (account.GetProperty("resource_name").GetString(), account.GetProperty("id").GetString()));
        Assert.Equal("8", (await bob.SendAsync("HEAD", "/permissions")).Headers["Total-Objects"]);
        Assert.Equal(3, (await bob.GetAsync("/permissions?in_resource_name=collection")).Data.GetArrayLength());
        Assert.False((await bob.GetAsync("/permissions?_fields=uri")).Data[0].TryGetProperty("resource_name", out _));
        (await bob.GetAsync("/permissions?movie=bourne")).AssertError(400, KintoErrno.InvalidParameters);
        (await bob.GetAsync("/permissions?_sort=movie")).AssertError(400, KintoErrno.InvalidParameters);
        foreach (var sort in new[] { "id", "-id", "uri", "-uri", "resource_name" })
        {
            var (uris, next) = (new List<string>(), $"/permissions?_limit=2&_sort={sort}");
            while (next.Length > 0)
            {
                var page = await bob.GetAsync(next);
                uris.AddRange(page.Data.EnumerateArray().Select(entry => entry.GetProperty("uri").GetString()!));
                next = page.Headers.TryGetValue("Next-Page", out var url) ? url[(url.IndexOf("/v1", StringComparison.Ordinal) + 3)..] : "";
            }

            Assert.Equal(entries.Keys.Order(StringComparer.Ordinal), uris.Order(StringComparer.Ordinal));
        }
    }

    /// <summary>Which are two rights of one entry.</summary>
    [Fact]
    public async Task Root_SaysWhoMayMakeBucketsAndAccounts()
    {
        var closed = await KintoServer.StartAsync(options => options with
        {
            Accounts = options.Accounts with { Registration = Gateway.Accounts.Registration.Closed, Administrators = "account:admin" },
            Buckets = options.Buckets with { Access = options.Buckets.Access with { BucketCreatePrincipals = "account:alice" } },
        });
        await closed.AddAccountAsync("admin", "s3cr3t");
        await closed.AddAccountAsync("alice", "s3cr3t");
        await closed.AddAccountAsync("bob", "s3cr3t");
        using var admin = closed.As("admin", "s3cr3t");
        using var alice = closed.As("alice", "s3cr3t");
        using var bob = closed.As("bob", "s3cr3t");

        Assert.Equal(["account:create"], await RootAsync(admin));
        Assert.Equal(["bucket:create"], await RootAsync(alice));
        Assert.Empty(await RootAsync(bob));
        using var anonymous = server.Anonymous();
        Assert.Equal(["account:create"], await RootAsync(anonymous));
        await closed.DisposeAsync();

        static async Task<IEnumerable<string?>> RootAsync(KintoClient client) => (await client.GetAsync("/permissions?uri=/")).Data.EnumerateArray()
            .SelectMany(static entry => entry.GetProperty("permissions").EnumerateArray().Select(static permission => permission.GetString()));
    }

    [Fact]
    public async Task Anonymous_SeesWhatIsEveryones()
    {
        var (alice, _) = await UserAsync();
        using var nobody = server.Anonymous();
        (await nobody.DeleteAsync("/buckets")).AssertError(401, KintoErrno.MissingAuthToken);
        var bucket = NewBucket();
        await PutAsync(alice, "/buckets/" + bucket, """{"permissions":{"read":["system.Everyone"]}}""");

        Assert.Contains(bucket, (await nobody.GetAsync("/buckets")).Ids);
        Assert.Contains($"/buckets/{bucket}", (await nobody.GetAsync("/permissions")).Data.EnumerateArray().Select(entry => entry.GetProperty("uri").GetString()));
        Assert.Equal(200, (await alice.DeleteAsync("/buckets/" + bucket)).Status);
    }
}
