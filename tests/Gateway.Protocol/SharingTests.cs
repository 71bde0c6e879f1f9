using System.Globalization;
using System.Text.Json;
using Lockstep.Gateway.Kinto;

namespace Lockstep.Gateway.Protocol;

/// <summary>Who else may see and change what somebody made.</summary>
[Collection(SharedServer.Name)]
public sealed class SharingTests(KintoServer server)
{
    private static int buckets;

    private static string NewBucket() => $"shared{Interlocked.Increment(ref buckets)}-{Guid.NewGuid():N}";

    private static async Task<string> IdOf(KintoClient client) => (await client.GetAsync("/")).Json.GetProperty("user").GetProperty("id").GetString()!;

    private static string[] Principals(KintoAnswer answer, string permission) =>
        [.. answer.Json.GetProperty("permissions").GetProperty(permission).EnumerateArray().Select(item => item.GetString()!).Order(StringComparer.Ordinal)];

    private static string[] Permissions(KintoAnswer answer) =>
        [.. answer.Json.GetProperty("permissions").EnumerateObject().Select(item => item.Name).Order(StringComparer.Ordinal)];

    private async Task<(KintoClient Alice, KintoClient Bob, string AliceId, string BobId)> TwoAsync()
    {
        var (alice, bob) = (await server.NewUserAsync(), await server.NewUserAsync());
        return (alice, bob, await IdOf(alice), await IdOf(bob));
    }

    [Fact]
    public async Task Bucket_ThatOthersMayRead_IsReadWithAllInIt_AndNotWritten()
    {
        var (alice, bob, aliceId, bobId) = await TwoAsync();
        var bucket = "/buckets/" + NewBucket();
        var made = await alice.PutAsync(bucket, $$$"""{"permissions":{"read":["{{{bobId}}}"]}}""");

        Assert.Equal(201, made.Status);
        Assert.Equal([aliceId], Principals(made, "write"));
        Assert.Equal([bobId], Principals(made, "read"));
        Assert.Equal(201, (await alice.PutAsync(bucket + "/collections/c", "{}")).Status);
        Assert.Equal(201, (await alice.PutAsync(bucket + "/collections/c/records/r", """{"data":{"n":1}}""")).Status);

        foreach (var path in new[] { bucket, bucket + "/collections/c", bucket + "/collections/c/records/r" })
        {
            var read = await bob.GetAsync(path);
            Assert.Equal(200, read.Status);
            Assert.Empty(Permissions(read));
            (await bob.PutAsync(path, """{"data":{}}""")).AssertError(403, KintoErrno.Forbidden);
            (await bob.SendAsync("PATCH", path, """{"data":{"x":1}}""")).AssertError(403, KintoErrno.Forbidden);
            (await bob.DeleteAsync(path)).AssertError(403, KintoErrno.Forbidden);
        }

        Assert.Equal(["r"], (await bob.GetAsync(bucket + "/collections/c/records")).Ids);
        Assert.Equal(["c"], (await bob.GetAsync(bucket + "/collections")).Ids);
        Assert.Equal("1", (await bob.SendAsync("HEAD", bucket + "/collections/c/records")).Headers["Total-Objects"]);
        (await bob.GetAsync(bucket + "/collections/c/records/missing")).AssertError(404, KintoErrno.InvalidResourceId);
        (await bob.DeleteAsync(bucket + "/collections/c/records/missing")).AssertError(404, KintoErrno.InvalidResourceId);
        (await bob.GetAsync(bucket + "/collections/missing/records")).AssertError(404, KintoErrno.MissingResource);
        (await bob.PutAsync(bucket + "/collections/c/records/new", "{}")).AssertError(403, KintoErrno.Forbidden);
        (await bob.DeleteAsync(bucket + "/collections/c/records")).AssertError(403, KintoErrno.Forbidden);
        using var carol = await server.NewUserAsync();
        using var nobody = server.Anonymous();
        foreach (var path in new[] { bucket, bucket + "/collections", bucket + "/collections/c/records", bucket + "/collections/c/records/r", bucket + "/collections/c/records/missing" })
        {
            (await carol.GetAsync(path)).AssertError(403, KintoErrno.Forbidden);
            (await nobody.GetAsync(path)).AssertError(401, KintoErrno.MissingAuthToken);
        }
    }

    [Fact]
    public async Task Collection_ThatOthersMayWrite_IsWritten_AndTheBucketIsNotSeen()
    {
        var (alice, bob, aliceId, bobId) = await TwoAsync();
        var bucket = "/buckets/" + NewBucket();
        await alice.PutAsync(bucket, "{}");
        await alice.PutAsync(bucket + "/collections/c", $$$"""{"permissions":{"write":["{{{bobId}}}"]}}""");

        Assert.Equal(201, (await bob.PutAsync(bucket + "/collections/c/records/r", """{"data":{"n":1}}""")).Status);
        var seen = await bob.GetAsync(bucket + "/collections/c");
        Assert.Equal(new[] { aliceId, bobId }.Order(StringComparer.Ordinal), Principals(seen, "write"));
        Assert.Equal(200, (await bob.SendAsync("PATCH", bucket + "/collections/c", """{"data":{"title":"x"}}""")).Status);
        (await bob.GetAsync(bucket)).AssertError(403, KintoErrno.Forbidden);
        (await bob.PutAsync(bucket + "/collections/other", "{}")).AssertError(403, KintoErrno.Forbidden);
        Assert.Equal(["c"], (await bob.GetAsync(bucket + "/collections")).Ids);
        Assert.Equal(1, (await alice.GetAsync(bucket + "/collections/c/records/r")).Data.GetProperty("n").GetInt32());
        Assert.Equal([bobId], Principals(await alice.GetAsync(bucket + "/collections/c/records/r"), "write"));
        Assert.Equal(200, (await bob.DeleteAsync(bucket + "/collections/c")).Status);
    }

    [Fact]
    public async Task Creator_MakesRecords_SeesAndChangesTheirOwnOnly()
    {
        var (alice, bob, _, bobId) = await TwoAsync();
        var bucket = "/buckets/" + NewBucket();
        await alice.PutAsync(bucket, "{}");
        await alice.PutAsync(bucket + "/collections/c", $$$"""{"permissions":{"record:create":["{{{bobId}}}"]}}""");
        await alice.PutAsync(bucket + "/collections/c/records/hers", """{"data":{"secret":1}}""");
        var records = bucket + "/collections/c/records";

        Assert.Empty((await bob.GetAsync(records)).Ids);
        Assert.Equal(201, (await bob.PutAsync(records + "/his", """{"data":{"n":1}}""")).Status);
        Assert.Equal(["his"], (await bob.GetAsync(records)).Ids);
        Assert.Equal("1", (await bob.SendAsync("HEAD", records)).Headers["Total-Objects"]);
        Assert.Equal(200, (await bob.PutAsync(records + "/his", """{"data":{"n":2}}""")).Status);
        (await bob.GetAsync(records + "/hers")).AssertError(403, KintoErrno.Forbidden);
        (await bob.PutAsync(records + "/hers", """{"data":{}}""")).AssertError(403, KintoErrno.Forbidden);
        (await bob.PostAsync(records, """{"data":{"id":"hers"}}""")).AssertError(403, KintoErrno.Forbidden);
        var taken = await bob.PutAsync(records + "/hers", """{"data":{}}""", ("If-None-Match", "*"));
        taken.AssertError(412, KintoErrno.ModifiedMeanwhile);
        Assert.DoesNotContain("secret", taken.Text, StringComparison.Ordinal);
        Assert.Equal("\"0\"", taken.ETag);

        // To see the collection's own data it is enough to make things in it.
        Assert.Equal(200, (await bob.GetAsync(bucket + "/collections/c")).Status);
        Assert.Equal(["his"], (await bob.DeleteAsync(records)).Ids);
        Assert.Equal(["hers"], (await alice.GetAsync(records)).Ids);
        Assert.Equal(201, (await bob.PostAsync(records, """{"data":{}}""")).Status);
    }

    [Fact]
    public async Task Everyone_AndAuthenticated_AreWhoTheySay()
    {
        var (alice, bob, _, _) = await TwoAsync();
        using var nobody = server.Anonymous();
        var bucket = "/buckets/" + NewBucket();
        await alice.PutAsync(bucket, "{}");
        await alice.PutAsync(bucket + "/collections/open", """{"permissions":{"read":["system.Everyone"],"record:create":["system.Everyone"]}}""");
        await alice.PutAsync(bucket + "/collections/inside", """{"permissions":{"read":["system.Authenticated"]}}""");
        await alice.PutAsync(bucket + "/collections/open/records/r", "{}");

        Assert.Equal(200, (await nobody.GetAsync(bucket + "/collections/open/records/r")).Status);
        Assert.Equal("no-store, no-cache", (await nobody.GetAsync(bucket + "/collections/open/records/r")).Headers["Cache-Control"]);
        Assert.Equal(["r"], (await nobody.GetAsync(bucket + "/collections/open/records")).Ids);
        Assert.Equal(200, (await bob.GetAsync(bucket + "/collections/inside/records")).Status);
        (await nobody.GetAsync(bucket + "/collections/inside/records")).AssertError(401, KintoErrno.MissingAuthToken);
        (await nobody.PutAsync(bucket + "/collections/open/records/r", "{}")).AssertError(401, KintoErrno.MissingAuthToken);
        var made = await nobody.PostAsync(bucket + "/collections/open/records", """{"data":{"n":1}}""");
        Assert.Equal(201, made.Status);
        Assert.Equal(["system.Everyone"], Principals(made, "write"));
        Assert.Equal(200, (await nobody.SendAsync("PATCH", $"{bucket}/collections/open/records/{made.Data.GetProperty("id").GetString()}", """{"data":{"n":2}}""")).Status);
        (await nobody.GetAsync("/buckets/default")).AssertError(401, KintoErrno.MissingAuthToken);
        (await nobody.PutAsync("/buckets/" + NewBucket(), "{}")).AssertError(401, KintoErrno.MissingAuthToken);
    }

    [Fact]
    public async Task Permissions_ArePutAndPatched_AsKintoHasIt()
    {
        var (alice, bob, aliceId, bobId) = await TwoAsync();
        var bucket = "/buckets/" + NewBucket();
        await alice.PutAsync(bucket, "{}");
        await alice.PutAsync(bucket + "/collections/c", "{}");
        var record = bucket + "/collections/c/records/r";
        var first = await alice.PutAsync(record, $$$"""{"data":{"n":1},"permissions":{"read":["{{{bobId}}}","github:carol"]}}""");
        Assert.Equal(new[] { bobId, "github:carol" }.Order(StringComparer.Ordinal), Principals(first, "read"));

        // Without permissions they stay, with them they are what is said, and the author among the writers.
        Assert.Equal(["read", "write"], Permissions(await alice.PutAsync(record, """{"data":{"n":2}}""")));
        Assert.Equal(["read", "write"], Permissions(await alice.PutAsync(record, """{"data":{"n":2},"permissions":{}}""")));
        var replaced = await alice.PutAsync(record, $$$"""{"permissions":{"write":["{{{bobId}}}"]}}""");
        Assert.Equal(["write"], Permissions(replaced));
        Assert.Equal(2, replaced.Data.GetProperty("n").GetInt32());
        Assert.Equal(new[] { aliceId, bobId }.Order(StringComparer.Ordinal), Principals(replaced, "write"));

        // A patch names what it changes.
        var patched = await alice.SendAsync("PATCH", record, """{"permissions":{"read":["system.Everyone"]}}""");
        Assert.True(patched.Stamp > replaced.Stamp);
        Assert.Equal(["system.Everyone"], Principals(patched, "read"));
        Assert.Equal(new[] { aliceId, bobId }.Order(StringComparer.Ordinal), Principals(patched, "write"));
        var operations = await alice.SendAsync(
            "PATCH", record,
            $$$"""[{"op":"remove","path":"/permissions/read/system.Everyone"},{"op":"add","path":"/permissions/read/{{{bobId}}}"},{"op":"remove","path":"/permissions/write/{{{bobId}}}"},{"op":"add","path":"/data/m","value":3}]""",
            ("Content-Type", "application/json-patch+json"));
        Assert.Equal(200, operations.Status);
        Assert.Equal([bobId], Principals(operations, "read"));
        Assert.Equal([aliceId], Principals(operations, "write"));
        Assert.Equal(3, operations.Data.GetProperty("m").GetInt32());
        var missing = await alice.SendAsync(
            "PATCH", record, """[{"op":"add","path":"/data/m","value":4},{"op":"remove","path":"/permissions/read/github:nobody"}]""", ("Content-Type", "application/json-patch+json"));
        missing.AssertError(400, KintoErrno.InvalidParameters);
        Assert.Equal(3, (await alice.GetAsync(record)).Data.GetProperty("m").GetInt32());

        // From one right to another, and to somebody else.
        var moved = await alice.SendAsync(
            "PATCH", record,
            $$$"""[{"op":"move","from":"/permissions/read/{{{bobId}}}","path":"/permissions/write/{{{bobId}}}"},{"op":"copy","from":"/permissions/write/{{{bobId}}}","path":"/permissions/read/~1buckets~1b~1groups~1g"}]""",
            ("Content-Type", "application/json-patch+json"));
        Assert.Equal(200, moved.Status);
        Assert.Equal(["/buckets/b/groups/g"], Principals(moved, "read"));
        Assert.Equal(new[] { aliceId, bobId }.Order(StringComparer.Ordinal), Principals(moved, "write"));
        foreach (var (from, to) in new[]
        {
            ($"/permissions/read/{bobId}", $"/permissions/write/{bobId}"), ("/permissions/read", $"/permissions/write/{bobId}"), ("/permissions", "/permissions/write"),
            ("/permissions/read", "/permissions/record:create"), ("/data/n", $"/permissions/read/{bobId}"),
            ($"/permissions/record:create/{bobId}", $"/permissions/read/{bobId}"), ($"/permissions/write/{bobId}", "/data/n"),
        })
        {
            var refused = await alice.SendAsync("PATCH", record, $$$"""[{"op":"move","from":"{{{from}}}","path":"{{{to}}}"}]""", ("Content-Type", "application/json-patch+json"));
            refused.AssertError(400, KintoErrno.InvalidParameters);
        }

        (await alice.PutAsync(record, """{"permissions":{"record:create":["a:b"]}}""")).AssertError(400, KintoErrno.InvalidParameters);
        (await alice.PutAsync(record, """{"permissions":{"read":["account:bob#1"]}}""")).AssertError(400, KintoErrno.InvalidParameters);
        Assert.Equal(200, (await bob.GetAsync(record)).Status);
    }

    [Fact]
    public async Task Permissions_OfAWholeRight_AreMovedAndCopied_AsKintoHasIt()
    {
        var (alice, _, aliceId, bobId) = await TwoAsync();
        var bucket = "/buckets/" + NewBucket();
        await alice.PutAsync(bucket, "{}");
        var collection = bucket + "/collections/c";
        await alice.PutAsync(collection, $$$"""{"permissions":{"read":["{{{bobId}}}","github:carol"],"record:create":["github:dave"]}}""");

        Task<KintoAnswer> PatchAsync(params (string Op, string From, string To)[] operations) => alice.SendAsync(
            "PATCH", collection, $"[{string.Join(',', operations.Select(static one => $$"""{"op":"{{one.Op}}","from":"{{one.From}}","path":"{{one.To}}"}"""))}]", ("Content-Type", "application/json-patch+json"));

        var moved = await PatchAsync(("move", "/permissions/read", "/permissions/write"), ("copy", "/permissions/record:create", "/permissions/read"));
        Assert.Equal(200, moved.Status);
        Assert.Equal(new[] { aliceId, bobId, "github:carol" }.Order(StringComparer.Ordinal), Principals(moved, "write"));
        Assert.Equal(["github:dave"], Principals(moved, "read"));
        Assert.Equal(["github:dave"], Principals(moved, "record:create"));

        // There is a list of readers and writers always, and of others where somebody is in it.
        var swapped = await PatchAsync(("move", "/permissions/read", "/permissions/record:create"), ("move", "/permissions/read", "/permissions/record:create"));
        Assert.Equal(200, swapped.Status);
        Assert.Equal(["write"], Permissions(swapped));
        (await PatchAsync(("move", "/permissions/record:create", "/permissions/read"))).AssertError(400, KintoErrno.InvalidParameters);
        Assert.Equal(["write"], Permissions(await alice.GetAsync(collection)));
    }

    [Fact]
    public async Task Count_InABatch_IsOfItsOwnRun_AndSeesTheWritesBefore()
    {
        var (alice, bob, _, bobId) = await TwoAsync();
        var bucket = "/buckets/" + NewBucket();
        await alice.PutAsync(bucket, "{}");
        var records = bucket + "/collections/c/records";
        await alice.PutAsync(bucket + "/collections/c", $$$"""{"permissions":{"record:create":["{{{bobId}}}"]}}""");
        await alice.PutAsync(records + "/others", "{}");

        var answer = await bob.PostAsync("/batch", $$"""
            {"requests":[{"method":"PUT","path":"/v1{{records}}/a"},{"method":"HEAD","path":"/v1{{records}}"},{"method":"PUT","path":"/v1{{records}}/b"},{"method":"HEAD","path":"/v1{{records}}"}]}
            """);

        var parts = answer.Json.GetProperty("responses").EnumerateArray().ToList();
        Assert.Equal([201, 200, 201, 200], parts.Select(static part => part.GetProperty("status").GetInt32()));
        Assert.Equal(["1", "2"], new[] { 1, 3 }.Select(part => parts[part].GetProperty("headers").GetProperty("Total-Objects").GetString()));
    }

    [Fact]
    public async Task Account_OfANameGivenAnew_InheritsNothing()
    {
        using var alice = await server.NewUserAsync();
        var name = $"again{Guid.NewGuid():N}";
        await server.AddAccountAsync(name, "s3cr3t");
        var bucket = "/buckets/" + NewBucket();
        await alice.PutAsync(bucket, $$$"""{"permissions":{"read":["account:{{{name}}}"]}}""");
        var early = await alice.SendAsync("PATCH", bucket, $$$"""{"permissions":{"write":["account:later{{{name}}}"]}}""");
        Assert.Equal(200, early.Status);
        using (var first = server.As(name, "s3cr3t"))
        {
            Assert.Equal(200, (await first.GetAsync(bucket)).Status);
            Assert.Equal(200, (await first.DeleteAsync($"/accounts/{name}")).Status);
        }

        await server.AddAccountAsync(name, "0ther-one");
        await server.AddAccountAsync($"later{name}", "s3cr3t");
        using var second = server.As(name, "0ther-one");
        using var later = server.As($"later{name}", "s3cr3t");
        (await second.GetAsync(bucket)).AssertError(403, KintoErrno.Forbidden);
        (await later.GetAsync(bucket)).AssertError(403, KintoErrno.Forbidden);

        // Named once more, they are meant.
        await alice.SendAsync("PATCH", bucket, $$$"""{"permissions":{"read":["account:{{{name}}}"]}}""");
        Assert.Equal(200, (await second.GetAsync(bucket)).Status);
    }

    [Fact]
    public async Task Group_OfABucketThatIsDeleted_HasNobodyIn_AlsoOnceThereIsOneOfItsName()
    {
        var (alice, bob, _, bobId) = await TwoAsync();
        var (bucket, club) = ("/buckets/" + NewBucket(), "/buckets/" + NewBucket());
        await alice.PutAsync(club, "{}");
        await alice.PutAsync(club + "/groups/staff", $$$"""{"data":{"members":["{{{bobId}}}"]}}""");
        await alice.PutAsync(bucket, $$$"""{"permissions":{"read":["{{{club}}}/groups/staff"]}}""");
        Assert.Equal(200, (await alice.DeleteAsync(club)).Status);

        (await bob.GetAsync(bucket)).AssertError(403, KintoErrno.Forbidden);

        await alice.PutAsync(club, "{}");
        (await bob.GetAsync(bucket)).AssertError(403, KintoErrno.Forbidden);
        await alice.PutAsync(club + "/groups/staff", $$$"""{"data":{"members":["{{{bobId}}}"]}}""");
        (await bob.GetAsync(bucket)).AssertError(403, KintoErrno.Forbidden);

        // Named once more, it is meant.
        await alice.SendAsync("PATCH", bucket, $$$"""{"permissions":{"read":["{{{club}}}/groups/staff"]}}""");
        Assert.Equal(200, (await bob.GetAsync(bucket)).Status);
    }

    [Fact]
    public async Task Bucket_WhoseAuthorIsTakenOut_IsTheOtherWriters()
    {
        var (alice, bob, aliceId, bobId) = await TwoAsync();
        var bucket = "/buckets/" + NewBucket();
        await alice.PutAsync(bucket, $$$"""{"permissions":{"write":["{{{bobId}}}"]}}""");
        await alice.PutAsync(bucket + "/collections/c", "{}");
        Assert.Equal(new[] { aliceId, bobId }.Order(StringComparer.Ordinal), Principals(await bob.GetAsync(bucket), "write"));

        var taken = await bob.PutAsync(bucket, $$$"""{"permissions":{"write":["{{{bobId}}}"]}}""");

        Assert.Equal([bobId], Principals(taken, "write"));
        (await alice.GetAsync(bucket)).AssertError(403, KintoErrno.Forbidden);
        (await alice.PutAsync(bucket + "/collections/c", "{}")).AssertError(403, KintoErrno.Forbidden);
        Assert.Equal(200, (await bob.PutAsync(bucket + "/collections/c", "{}")).Status);
    }

    [Fact]
    public async Task Batch_OfPartsWithPermissions_IsOneTransaction_AndEachPartIsJudged()
    {
        var (alice, bob, _, bobId) = await TwoAsync();
        var bucket = "/buckets/" + NewBucket();
        var batch = await alice.PostAsync("/batch", $$$"""
            {"requests":[
                {"method":"PUT","path":"{{{bucket}}}","body":{}},
                {"method":"PUT","path":"{{{bucket}}}/collections/c","body":{"permissions":{"read":["{{{bobId}}}"]} } },
                {"method":"PUT","path":"{{{bucket}}}/collections/c/records/r","body":{"data":{"n":1} } }]}
            """);
        Assert.Equal([201, 201, 201], batch.Json.GetProperty("responses").EnumerateArray().Select(part => part.GetProperty("status").GetInt32()));

        var parts = await bob.PostAsync("/batch", $$$"""
            {"requests":[
                {"path":"{{{bucket}}}/collections/c/records/r"},
                {"path":"{{{bucket}}}"},
                {"path":"{{{bucket}}}/collections/c/records/r","headers":{"Authorization":""}},
                {"method":"DELETE","path":"{{{bucket}}}/collections/c/records/r"}]}
            """);
        Assert.Equal([200, 403, 401, 403], parts.Json.GetProperty("responses").EnumerateArray().Select(part => part.GetProperty("status").GetInt32()));
    }

    [Fact]
    public async Task PersonalBucket_CannotBeShared()
    {
        var (alice, _, aliceId, bobId) = await TwoAsync();

        (await alice.PutAsync(KintoClient.Records + "/r", $$$"""{"permissions":{"read":["{{{bobId}}}"]}}""")).AssertError(400, KintoErrno.InvalidParameters);
        Assert.Equal([aliceId], Principals(await alice.PutAsync(KintoClient.Records + "/r", $$$"""{"permissions":{"write":["{{{aliceId}}}"]}}"""), "write"));
    }

    [Fact]
    public async Task PersonalBucket_ThatCannotBeShared_IsRefusedOnlyOnceThePreconditionHolds()
    {
        var (alice, _, _, bobId) = await TwoAsync();
        var made = await alice.PutAsync(KintoClient.Records + "/r", """{"data":{"n":1}}""");
        var body = $$$"""{"data":{"id":"r","n":2},"permissions":{"read":["{{{bobId}}}"]} }""";
        foreach (var (method, path) in new[] { ("PUT", "/r"), ("PATCH", "/r"), ("POST", "") })
        {
            var stale = await alice.SendAsync(method, KintoClient.Records + path, body, ("If-Match", "\"1\""));
            stale.AssertError(412, KintoErrno.ModifiedMeanwhile);
            Assert.Equal(1, stale.Json.GetProperty("details").GetProperty("existing").GetProperty("n").GetInt32());
            (await alice.SendAsync(method, KintoClient.Records + path, body, ("If-None-Match", "*"))).AssertError(412, KintoErrno.ModifiedMeanwhile);
            (await alice.SendAsync(method, KintoClient.Records + path, body, ("If-Match", made.ETag))).AssertError(400, KintoErrno.InvalidParameters);
        }

        (await alice.PutAsync(KintoClient.Records + "/new", $$$"""{"permissions":{"read":["{{{bobId}}}"]} }""", ("If-None-Match", "*"))).AssertError(400, KintoErrno.InvalidParameters);
        Assert.Equal(made.ETag, (await alice.GetAsync(KintoClient.Records + "/r")).ETag);
        Assert.Equal(404, (await alice.GetAsync(KintoClient.Records + "/new")).Status);
    }

    /// <summary>Kinto says it too, so that old caches let go of what they have.</summary>
    [Theory]
    [InlineData("0")]
    [InlineData("-5")]
    public async Task Everyone_IsToldToKeepNothing_WhereTheCollectionSaysSo(string seconds)
    {
        var (alice, _, _, _) = await TwoAsync();
        using var nobody = server.Anonymous();
        var bucket = "/buckets/" + NewBucket();
        await alice.PutAsync(bucket, "{}");
        await alice.PutAsync(bucket + "/collections/c", $$$"""{"data":{"cache_expires":{{{seconds}}}},"permissions":{"read":["system.Everyone"]}}""");
        await alice.PutAsync(bucket + "/collections/c/records/r", "{}");
        foreach (var path in new[] { bucket + "/collections/c/records/r", bucket + "/collections/c/records" })
        {
            var answer = await nobody.GetAsync(path);
            foreach (var said in new[] { "max-age=0", "no-cache", "no-store", "must-revalidate" })
            {
                Assert.Contains(said, answer.Headers["Cache-Control"], StringComparison.Ordinal);
            }

            Assert.InRange(DateTimeOffset.Parse(answer.Headers["Expires"], CultureInfo.InvariantCulture), TimeProvider.System.GetUtcNow().AddMinutes(-1), TimeProvider.System.GetUtcNow());
            Assert.Equal("no-cache", answer.Headers["Pragma"]);
            Assert.False((await alice.GetAsync(path)).Headers.ContainsKey("Expires"));
        }
    }

    [Theory]
    [InlineData("\"60\"")]
    [InlineData("1.5")]
    [InlineData("true")]
    [InlineData("[60]")]
    [InlineData("99999999999999999999")]
    public async Task CacheExpires_ThatIsNoInteger_Is400_AndChangesNothing(string value)
    {
        var (alice, _, _, _) = await TwoAsync();
        var bucket = "/buckets/" + NewBucket();
        var collection = bucket + "/collections/c";
        await alice.PutAsync(bucket, "{}");
        var data = $$$"""{"data":{"cache_expires":{{{value}}}}}""";
        (await alice.PutAsync(collection, data)).AssertError(400, KintoErrno.InvalidParameters);
        (await alice.SendAsync("POST", bucket + "/collections", data)).AssertError(400, KintoErrno.InvalidParameters);
        await alice.PutAsync(collection, """{"data":{"cache_expires":60}}""");
        (await alice.SendAsync("PATCH", collection, data)).AssertError(400, KintoErrno.InvalidParameters);
        (await alice.SendAsync("PATCH", collection, data, ("Content-Type", "application/merge-patch+json"))).AssertError(400, KintoErrno.InvalidParameters);
        foreach (var (path, given) in new[] { ("/data/cache_expires", value), ("/data", $$$"""{"cache_expires":{{{value}}}}""") })
        {
            var patch = $$$"""[{"op":"replace","path":"{{{path}}}","value":{{{given}}}}]""";
            (await alice.SendAsync("PATCH", collection, patch, ("Content-Type", "application/json-patch+json"))).AssertError(400, KintoErrno.InvalidParameters);
        }

        Assert.Equal(60, (await alice.GetAsync(collection)).Data.GetProperty("cache_expires").GetInt32());

        // It is a collection's: elsewhere it is data like any other.
        Assert.Equal(201, (await alice.PutAsync(collection + "/records/r", data)).Status);
        Assert.Equal(200, (await alice.SendAsync("PATCH", collection, """{"data":{"cache_expires":null}}""", ("Content-Type", "application/merge-patch+json"))).Status);
    }

    [Fact]
    public async Task Everyone_MayKeepWhatIsEveryones_ForAsLongAsTheCollectionSays()
    {
        var (alice, _, _, _) = await TwoAsync();
        using var nobody = server.Anonymous();
        var bucket = "/buckets/" + NewBucket();
        await alice.PutAsync(bucket, "{}");
        await alice.PutAsync(bucket + "/collections/c", """{"data":{"cache_expires":60},"permissions":{"read":["system.Everyone"]}}""");
        await alice.PutAsync(bucket + "/collections/c/records/r", "{}");
        foreach (var path in new[] { bucket + "/collections/c/records/r", bucket + "/collections/c/records" })
        {
            var answer = await nobody.GetAsync(path);
            Assert.Equal(("max-age=60", true), (answer.Headers["Cache-Control"], answer.Headers.ContainsKey("Expires")));

            // Whoever signs in may see more: a cache must not answer them with this.
            Assert.Contains("Authorization", answer.Headers["Vary"], StringComparison.Ordinal);

            // Of a list there is a stream besides, at the same URL.
            Assert.Equal(path.EndsWith("/records", StringComparison.Ordinal), answer.Headers["Vary"].Contains("Accept", StringComparison.Ordinal));
            var same = await nobody.GetAsync(path, ("If-None-Match", answer.ETag));
            Assert.Equal((304, "max-age=60"), (same.Status, same.Headers["Cache-Control"]));
            Assert.Equal("no-store, no-cache", (await alice.GetAsync(path)).Headers["Cache-Control"]);
        }

        Assert.Equal("no-store, no-cache", (await nobody.GetAsync(bucket)).Headers["Cache-Control"]);
        Assert.Equal("no-store, no-cache", (await nobody.GetAsync(bucket + "/collections/c")).Headers["Cache-Control"]);
        Assert.Equal("no-store, no-cache", (await nobody.GetAsync(bucket + "/collections/c/records/x")).Headers["Cache-Control"]);
    }

    [Fact]
    public async Task Everyone_MayKeepARecord_ForAsLongAsItsCollectionSays_ThoughTheyMayNotReadTheCollection()
    {
        var (alice, _, _, _) = await TwoAsync();
        using var nobody = server.Anonymous();
        var bucket = "/buckets/" + NewBucket();
        await alice.PutAsync(bucket, "{}");
        await alice.PutAsync(bucket + "/collections/c", """{"data":{"cache_expires":60}}""");
        await alice.PutAsync(bucket + "/collections/c/records/open", """{"permissions":{"read":["system.Everyone"]}}""");
        await alice.PutAsync(bucket + "/collections/c/records/closed", "{}");

        var open = await nobody.GetAsync(bucket + "/collections/c/records/open");
        var closed = await nobody.GetAsync(bucket + "/collections/c/records/closed");

        Assert.Equal((200, "max-age=60"), (open.Status, open.Headers["Cache-Control"]));
        Assert.Equal((401, "no-store, no-cache"), (closed.Status, closed.Headers["Cache-Control"]));
        Assert.Equal(401, (await nobody.GetAsync(bucket + "/collections/c")).Status);
    }
}
