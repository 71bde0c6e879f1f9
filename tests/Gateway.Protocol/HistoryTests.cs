using System.Text.Json;
using Lockstep.Core.History;
using Lockstep.Gateway.Kinto;
using Lockstep.Gateway.Kinto.History;

namespace Lockstep.Gateway.Protocol;

/// <summary>Who changed what when: entries as Kinto's clients read them, snapshots, and restoration.</summary>
public sealed class HistoryTests(HistoryTests.RememberingServer server) : IClassFixture<HistoryTests.RememberingServer>, IAsyncLifetime
{
    private static int buckets;

    private readonly string bucket = $"/buckets/b{Interlocked.Increment(ref buckets)}";
    private KintoClient client = null!;

    private string Collection => $"{bucket}/collections/col";

    private string Record => $"{Collection}/records/rec";

    private string History => $"{bucket}/history";

    public async Task InitializeAsync()
    {
        client = await server.NewUserAsync();
        await client.PutAsync(bucket, """{"data":{"a":1}}""");
        await client.PutAsync(Collection, "{}");
        await client.PutAsync($"{bucket}/groups/grp", """{"data":{"members":["account:elle"]}}""");
        await client.PutAsync(Record, """{"data":{"foo":42}}""");
    }

    public Task DisposeAsync()
    {
        client.Dispose();
        return Task.CompletedTask;
    }

    [Fact]
    public async Task Capability_SaysHowMuchIsKept_AndOfWhatNothingIs_AndIsNotThereWithoutTheSetting()
    {
        var history = (await client.GetAsync("/")).Json.GetProperty("capabilities").GetProperty("history");
        Assert.Equal(100_000, history.GetProperty("auto_trim_max_count").GetInt64());
        Assert.Equal("""[{"bucket":"silent"},{"bucket":"half","collection":"silent"}]""", history.GetProperty("excluded_resources").GetRawText());

        await using var without = await Plain.StartAsync();
        using var user = await without.Server.NewUserAsync();
        Assert.False((await user.GetAsync("/")).Json.GetProperty("capabilities").TryGetProperty("history", out _));
        (await user.GetAsync("/buckets/default/history")).AssertError(404, KintoErrno.MissingResource);
        (await user.GetAsync("/buckets/default/snapshot/collections/c@1")).AssertError(404, KintoErrno.MissingResource);
    }

    [Fact]
    public async Task Entries_TellCreations_NewestFirst_WithTheStampsOfTheirCauses()
    {
        var record = await client.GetAsync(Record);
        var answer = await client.GetAsync(History);

        Assert.Equal(["record create", "group create", "collection create", "bucket create"], Told(answer));
        Assert.Equal(record.ETag, answer.ETag);
        var entry = answer.Data[0];
        var user = (await client.GetAsync("/")).Json.GetProperty("user").GetProperty("id").GetString();
        Assert.Equal(record.Stamp, entry.GetProperty("last_modified").GetInt64());
        Assert.Equal(
            ("create", user, Record, "record", "col", "rec"),
            (Text(entry, "action"), Text(entry, "user_id"), Text(entry, "uri"), Text(entry, "resource_name"), Text(entry, "collection_id"), Text(entry, "record_id")));
        Assert.Equal(record.Data.GetRawText(), entry.GetProperty("target").GetProperty("data").GetRawText());
        Assert.Equal($$"""{"write":["{{user}}"]}""", entry.GetProperty("target").GetProperty("permissions").GetRawText());
        Assert.Equal(record.Stamp, DateTimeOffset.Parse(Text(entry, "date")!, System.Globalization.CultureInfo.InvariantCulture).ToUnixTimeMilliseconds());
        Assert.False(entry.TryGetProperty("bucket_id", out _));
        Assert.Equal((bucket["/buckets/".Length..], bucket), (Text(answer.Data[3], "bucket_id"), Text(answer.Data[3], "uri")));
        Assert.Equal("grp", Text(answer.Data[1], "group_id"));
    }

    [Fact]
    public async Task Entries_TellChangesOfDataAndRights_AndDeletions()
    {
        await client.SendAsync("PATCH", Record, """{"data":{"foo":"baz"}}""");
        await client.SendAsync("PATCH", Collection, """{"permissions":{"read":["system.Everyone"]}}""");
        await client.PutAsync(bucket, """{"data":{"b":2}}""");
        await client.SendAsync("PATCH", $"{bucket}/groups/grp", """{"data":{"members":["account:lui"]}}""");
        await client.DeleteAsync(Record);
        await client.DeleteAsync($"{bucket}/groups");
        await client.DeleteAsync($"{bucket}/collections");

        var entries = (await client.GetAsync($"{History}?_sort=last_modified&_since=0")).Data.EnumerateArray().Skip(4).ToList();

        Assert.Equal(
            ["record update", "collection update", "bucket update", "group update", "record delete", "group delete", "collection delete"],
            entries.Select(static entry => $"{Text(entry, "resource_name")} {Text(entry, "action")}"));
        Assert.Equal("baz", Text(Target(entries[0]), "foo"));
        Assert.Equal("""["system.Everyone"]""", entries[1].GetProperty("target").GetProperty("permissions").GetProperty("read").GetRawText());
        Assert.Equal(2, Target(entries[2]).GetProperty("b").GetInt32());
        Assert.Equal("""["account:lui"]""", Target(entries[3]).GetProperty("members").GetRawText());
        Assert.All(entries.Skip(4), static entry => Assert.True(Target(entry).GetProperty("deleted").GetBoolean()));
    }

    [Fact]
    public async Task Entries_OfABatch_AreInOrder_AndOfWhatWasRefusedThereIsNone()
    {
        var batch = await client.PostAsync("/batch", $$$$"""
            {"requests":[
              {"method":"PUT","path":"{{{{Collection}}}}/records/a","body":{"data":{"n":1}}},
              {"method":"PUT","path":"{{{{Collection}}}}/records/a","headers":{"If-None-Match":"*"},"body":{"data":{"n":2}}},
              {"method":"DELETE","path":"{{{{Collection}}}}/records/a"},
              {"method":"GET","path":"{{{{History}}}}?record_id=a"}]}
            """);

        Assert.Equal([201, 412, 200, 200], batch.Json.GetProperty("responses").EnumerateArray().Select(static part => part.GetProperty("status").GetInt32()));
        Assert.Equal(["record delete", "record create"], Told(batch.Json.GetProperty("responses")[3].GetProperty("body").GetProperty("data")));
        Assert.Equal(["record delete", "record create"], Told(await client.GetAsync($"{History}?record_id=a")));
    }

    [Theory]
    [InlineData("action=delete", "")]
    [InlineData("resource_name=bucket", "bucket create")]
    [InlineData("in_resource_name=bucket,group", "group create, bucket create")]
    [InlineData("collection_id=col", "record create, collection create")]
    [InlineData("target.data.id=rec", "record create")]
    [InlineData("target.data.foo=42", "record create")]
    [InlineData("lt_target.data.foo=43", "record create")]
    [InlineData("lt_target.data.foo=42", "")]
    [InlineData("_sort=date&_limit=1", "bucket create")]
    [InlineData("_sort=resource_name&resource_name=record", "record create")]
    [InlineData("has_group_id=true", "group create")]
    public async Task Filters_AndOrders_AreOfAnyFieldOfAnEntry(string query, string expected) =>
        Assert.Equal(expected, string.Join(", ", Told(await client.GetAsync($"{History}?{query}"))));

    [Theory]
    [InlineData("movie=bourne")]
    [InlineData("min_year=1")]
    [InlineData("_sort=movie")]
    [InlineData("_sort=-target.data.n,movie")]
    public async Task Filter_ByWhatNoEntryHas_Is400(string query) =>
        (await client.GetAsync($"{History}?{query}")).AssertError(400, KintoErrno.InvalidParameters);

    [Fact]
    public async Task Filter_ByAnIdThatLooksLikeANumber_FindsIt()
    {
        await client.PutAsync($"{bucket}/collections/1/records/2", "{}");
        await client.PutAsync($"{bucket}/collections/1", "{}");
        await client.PutAsync($"{bucket}/collections/1/records/2", "{}");

        Assert.Equal(["record create", "collection create"], Told(await client.GetAsync($"{History}?collection_id=1")));
        Assert.Equal(["record create"], Told(await client.GetAsync($"{History}?in_record_id=2,3")));
    }

    [Fact]
    public async Task Pages_GoThroughAllEntries_AndPollersGetTheNewOnes()
    {
        var first = await client.GetAsync($"{History}?_limit=3");
        Assert.Equal(3, first.Data.GetArrayLength());
        var next = await client.GetAsync(first.Headers["Next-Page"][(first.Headers["Next-Page"].IndexOf("/v1", StringComparison.Ordinal) + 3)..]);
        Assert.Equal(["bucket create"], Told(next));

        await client.PutAsync($"{bucket}/collections/c5", "{}");
        Assert.Equal(["collection create"], Told(await client.GetAsync($"{History}?_since={first.Stamp}")));
        Assert.Equal(304, (await client.GetAsync(History, ("If-None-Match", (await client.GetAsync(History)).ETag))).Status);
        Assert.Equal("5", (await client.SendAsync("HEAD", History)).Headers["Total-Objects"]);
        Assert.Equal(["action", "id", "last_modified", "uri"], (await client.GetAsync($"{History}?_fields=uri,action")).Data[0].EnumerateObject().Select(static field => field.Name).Order());
    }

    [Fact]
    public async Task Delete_RemovesEntries_AllOrThoseAskedFor()
    {
        var before = await client.GetAsync(History);
        await client.PutAsync($"{bucket}/collections/col2", "{}");

        var deleted = await client.DeleteAsync($"{History}?_before={before.Stamp}");
        Assert.Equal((200, 3), (deleted.Status, deleted.Data.GetArrayLength()));
        Assert.All(deleted.Data.EnumerateArray(), static entry => Assert.True(entry.GetProperty("deleted").GetBoolean()));
        Assert.Equal(["collection create", "record create"], Told(await client.GetAsync(History)));

        Assert.Equal(200, (await client.DeleteAsync(History)).Status);
        Assert.Empty(Told(await client.GetAsync(History)));
        Assert.Equal(200, (await client.GetAsync(Record)).Status);
        foreach (var method in new[] { "PUT", "PATCH", "POST" })
        {
            (await client.SendAsync(method, History, "{}")).AssertError(405, KintoErrno.MethodNotAllowed);
        }
    }

    [Fact]
    public async Task Bucket_ThatIsDeletedAndMadeAnew_HasItsNewHistoryOnly()
    {
        await client.DeleteAsync(bucket);
        Assert.Contains((await client.GetAsync(History)).Status, new[] { 403, 404 });

        await client.PutAsync(bucket, "{}");

        Assert.Equal(["bucket create"], Told(await client.GetAsync(History)));
    }

    [Fact]
    public async Task DefaultBucket_TellsWhatCameIntoBeingWithTheFirstWrite()
    {
        using var user = await server.NewUserAsync();
        Assert.Empty(Told(await user.GetAsync("/buckets/default/history")));

        await user.PutAsync("/buckets/default/collections/blah/records/r", "{}");

        var entries = await user.GetAsync("/buckets/default/history");
        Assert.Equal(["record create", "collection create", "bucket create"], Told(entries));
        Assert.DoesNotContain("/default", entries.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Readers_OfTheBucketSeeAll_OfACollectionOrARecordTheirPart_AndOthersNothing()
    {
        using var other = await server.NewUserAsync();
        using var anonymous = server.Anonymous();
        (await other.GetAsync(History)).AssertError(403, KintoErrno.Forbidden);
        (await anonymous.GetAsync(History)).AssertError(401, KintoErrno.MissingAuthToken);
        var id = (await other.GetAsync("/")).Json.GetProperty("user").GetProperty("id").GetString();

        await client.SendAsync("PATCH", Record, $$$$"""{"permissions":{"write":["{{{{id}}}}"]}}""");
        await client.PutAsync($"{Collection}/records/hidden", "{}");
        Assert.Equal(["record update"], Told(await other.GetAsync(History)));

        await client.SendAsync("PATCH", Collection, """{"permissions":{"read":["system.Authenticated"]}}""");
        await client.PutAsync($"{Collection}/records/seen", "{}");
        Assert.Equal(["record create", "collection update", "record update"], Told(await other.GetAsync(History)));

        // What was seen stays; what comes once the right is taken is not.
        await client.SendAsync("PATCH", Collection, """{"permissions":{"read":[]}}""");
        await client.PutAsync($"{Collection}/records/late", "{}");
        Assert.Equal(["record create", "collection update", "record update"], Told(await other.GetAsync(History)));
        (await other.DeleteAsync(History)).AssertError(403, KintoErrno.Forbidden);

        await client.SendAsync("PATCH", bucket, $$$$"""{"permissions":{"read":["{{{{id}}}}"]}}""");
        Assert.Equal(11, (await other.GetAsync(History)).Data.GetArrayLength());
        (await other.DeleteAsync(History)).AssertError(403, KintoErrno.Forbidden);
        Assert.DoesNotContain("history", (await other.GetAsync("/permissions")).Text, StringComparison.Ordinal);
        Assert.DoesNotContain("/records/e1", (await other.GetAsync("/permissions")).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ResponseBehavior_IsServedWithHistory()
    {
        var light = await client.SendAsync("PATCH", Record, """{"data":{"foo":1,"bar":2}}""", ("Response-Behavior", "light"));
        var diff = await client.SendAsync("PATCH", Record, """{"data":{"foo":3}}""", ("Response-Behavior", "diff"));

        Assert.Equal((200, 200), (light.Status, diff.Status));
        Assert.Equal(2, (await client.GetAsync($"{History}?action=update")).Data.GetArrayLength());
    }

    [Fact]
    public async Task Excluded_AreNotKept()
    {
        await client.PutAsync("/buckets/silent", "{}");
        await client.PutAsync("/buckets/silent/collections/c", "{}");
        Assert.Empty(Told(await client.GetAsync("/buckets/silent/history")));

        await client.PutAsync("/buckets/half", "{}");
        await client.PutAsync("/buckets/half/collections/silent", "{}");
        await client.PutAsync("/buckets/half/collections/silent/records/r", "{}");
        await client.PutAsync("/buckets/half/collections/loud", "{}");
        Assert.Equal(["collection create", "bucket create"], Told(await client.GetAsync("/buckets/half/history")));
    }

    [Fact]
    public async Task Bucket_AndCollection_SayWhetherTheirHistoryIsKept()
    {
        await client.DeleteAsync(History);
        await client.SendAsync("PATCH", Collection, """{"data":{"history":false}}""");
        await client.PutAsync(Record, """{"data":{"foo":1}}""");
        Assert.Equal(["collection update"], Told(await client.GetAsync(History)));
        Assert.False((await client.GetAsync(Collection)).Data.GetProperty("history").GetBoolean());

        await client.PutAsync(bucket, """{"data":{"history":true}}""");
        var kept = await client.PutAsync(Record, """{"data":{"foo":2}}""");
        Assert.Equal(["record update", "bucket update", "collection update"], Told(await client.GetAsync(History)));

        await client.PutAsync(bucket, """{"data":{"history":false}}""");
        await client.PutAsync(Record, """{"data":{"foo":3}}""");
        await client.PutAsync($"{bucket}/groups/late", """{"data":{"members":[]}}""");
        await client.SendAsync("PATCH", Collection, """{"data":{"history":null}}""");
        Assert.Equal(["bucket update", "record update", "bucket update", "collection update"], Told(await client.GetAsync(History)));
        (await SnapshotAsync(kept.Stamp)).AssertError(400, KintoErrno.InvalidParameters);
    }

    [Theory]
    [InlineData("\"yes\"")]
    [InlineData("1")]
    [InlineData("[true]")]
    public async Task History_ThatIsNeitherTrueNorFalse_Is400_AndChangesNothing(string said)
    {
        var before = (await client.GetAsync(Collection)).ETag;

        (await client.PutAsync(Collection, $$$"""{"data":{"history":{{{said}}}}}""")).AssertError(400, KintoErrno.InvalidParameters);
        (await client.SendAsync("PATCH", bucket, $$$"""{"data":{"history":{{{said}}}}}""")).AssertError(400, KintoErrno.InvalidParameters);

        Assert.Equal(before, (await client.GetAsync(Collection)).ETag);
        Assert.Equal(4, Told(await client.GetAsync(History)).Count());
    }

    [Theory]
    [InlineData(90)]
    [InlineData(98)]
    public async Task Entry_OfDataThatIsNestedAsDeepAsCanBe_IsThere(int depth)
    {
        var deep = string.Concat(Enumerable.Repeat("{\"a\":", depth)) + "1" + new string('}', depth);
        Assert.Equal(200, (await client.PutAsync(Record, $$"""{"data":{{deep}}}""")).Status);

        var found = await client.GetAsync($"{History}?action=update&target.data.id=rec&_sort=target.data.a&_fields=target.data.id");

        Assert.Equal("rec", Text(Target(Assert.Single(found.Data.EnumerateArray().ToList())), "id"));
    }

    [Fact]
    public async Task Snapshot_IsTheCollectionAsItWas_NewestFirst()
    {
        var first = (await client.PutAsync($"{Collection}/records/a", """{"data":{"n":1}}""")).Stamp;
        var second = (await client.PutAsync($"{Collection}/records/b", """{"data":{"n":2}}""")).Stamp;
        var third = (await client.PutAsync($"{Collection}/records/a", """{"data":{"n":3}}""")).Stamp;
        await client.DeleteAsync($"{Collection}/records/b");
        var last = (await client.PutAsync($"{Collection}/records/c", "{}")).Stamp;

        Assert.Equal(["a", "rec"], (await SnapshotAsync(first)).Ids);
        Assert.Equal(["b", "a", "rec"], (await SnapshotAsync(second)).Ids);
        var snapshot = await SnapshotAsync(third);
        Assert.Equal(["a", "b", "rec"], snapshot.Ids);
        Assert.Equal($$"""{"id":"b","last_modified":{{second}},"n":2}""", snapshot.Data[1].GetRawText());
        Assert.Equal(["c", "a", "rec"], (await SnapshotAsync(last)).Ids);
        Assert.Equal(["c", "a", "rec"], (await SnapshotAsync(last + 1_000_000)).Ids);
        Assert.Empty((await SnapshotAsync(1)).Ids);
        Assert.Equal(["a"], (await client.GetAsync($"{bucket}/snapshot/collections/col@{second}?id=a")).Ids);

        var page = await client.GetAsync($"{bucket}/snapshot/collections/col@{second}?_limit=2");
        Assert.Equal(["a", "b"], page.Ids);
        Assert.Equal(["rec"], (await client.GetAsync(page.Headers["Next-Page"][(page.Headers["Next-Page"].IndexOf("/v1", StringComparison.Ordinal) + 3)..])).Ids);
    }

    [Fact]
    public async Task Snapshot_IsWholeHoweverShortPagesAre_AndOfMoreThanAnAnswerIsRefusedUnlessPagesAreAskedFor()
    {
        var own = await KintoServer.StartAsync(static options => options with
        {
            Kinto = options.Kinto with { MaxPageRecords = 2, MaxPageBytes = 700, History = options.Kinto.History with { Enabled = true } },
        });
        using var user = await own.NewUserAsync();
        await user.PutAsync(bucket, "{}");
        await user.PutAsync(Collection, "{}");
        var stamps = new List<long>();
        foreach (var id in (string[])["a", "b", "c", "d", "e"])
        {
            stamps.Add((await user.PutAsync($"{Collection}/records/{id}", $$$"""{"data":{"text":"{{{new string('x', 200)}}}"}}""")).Stamp);
        }

        Assert.Equal(["c", "b", "a"], (await user.GetAsync($"{bucket}/snapshot/collections/col@{stamps[2]}")).Ids);
        (await user.GetAsync($"{bucket}/snapshot/collections/col@{stamps[4]}")).AssertError(400, KintoErrno.InvalidParameters);
        Assert.Equal(["a", "b"], (await user.GetAsync($"{bucket}/snapshot/collections/col@{stamps[4]}?_limit=2")).Ids);

        await own.DisposeAsync();
    }

    [Theory]
    [InlineData("col@abc", 400)]
    [InlineData("col@-1", 400)]
    [InlineData("col@", 400)]
    [InlineData("c%20l@1", 400)]
    [InlineData("col@1?n=1", 400)]
    [InlineData("col@1?_sort=n", 400)]
    [InlineData("col", 404)]
    public async Task Snapshot_ThatCannotBe_IsRefused(string snapshot, int status) =>
        Assert.Equal(status, (await client.GetAsync($"{bucket}/snapshot/collections/{snapshot}")).Status);

    [Fact]
    public async Task Snapshot_IsForReadersOfTheWholeCollection()
    {
        using var other = await server.NewUserAsync();
        using var anonymous = server.Anonymous();
        var stamp = (await client.GetAsync(Record)).Stamp;
        (await other.GetAsync($"{bucket}/snapshot/collections/col@{stamp}")).AssertError(403, KintoErrno.Forbidden);
        (await anonymous.GetAsync($"{bucket}/snapshot/collections/col@{stamp}")).AssertError(401, KintoErrno.MissingAuthToken);

        await client.SendAsync("PATCH", Collection, """{"permissions":{"read":["system.Everyone"]}}""");

        Assert.Equal(["rec"], (await other.GetAsync($"{bucket}/snapshot/collections/col@{stamp}")).Ids);
        Assert.Equal(["rec"], (await anonymous.GetAsync($"{bucket}/snapshot/collections/col@{stamp}")).Ids);
    }

    [Fact]
    public async Task Snapshot_OfBeforeTheHistoryBegins_Is400_AndSaysWhenThatIs()
    {
        var stamp = (await client.GetAsync(Record)).Stamp;
        await client.PutAsync(Record, """{"data":{"foo":43}}""");
        await client.DeleteAsync(History);

        var answer = await client.GetAsync($"{bucket}/snapshot/collections/col@{stamp}");

        answer.AssertError(400, KintoErrno.InvalidParameters);
        Assert.Contains("The history of the collection begins at", answer.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Snapshot_InABatchBehindWrites_HasThem()
    {
        var stamp = (await client.GetAsync(Record)).Stamp;
        var batch = await client.PostAsync("/batch", $$$$"""
            {"requests":[
              {"method":"PUT","path":"{{{{Record}}}}","body":{"data":{"foo":43}}},
              {"method":"GET","path":"{{{{bucket}}}}/snapshot/collections/col@{{{{stamp}}}}"},
              {"method":"PUT","path":"{{{{Record}}}}","body":{"data":{"foo":44}}}]}
            """);

        var parts = batch.Json.GetProperty("responses");
        Assert.Equal([200, 200, 200], parts.EnumerateArray().Select(static part => part.GetProperty("status").GetInt32()));
        Assert.Equal(42, parts[1].GetProperty("body").GetProperty("data")[0].GetProperty("foo").GetInt32());
    }

    [Fact]
    public async Task Restore_MakesRecordsWhatTheyWere_ByChangesThatPollersGet()
    {
        for (var i = 0; i < 7; i++)
        {
            await client.PutAsync($"{Collection}/records/r{i}", $$$$"""{"data":{"n":{{{{i}}}}}}""");
        }

        var at = (await client.GetAsync($"{Collection}/records")).Stamp;
        await client.DeleteAsync($"{Collection}/records?min_n=4");
        await client.PutAsync(Record, """{"data":{"foo":"spoilt"}}""");
        await client.PutAsync($"{Collection}/records/new", "{}");
        var poll = await client.GetAsync($"{Collection}/records");

        var restored = await client.SendAsync("POST", $"{bucket}/snapshot/collections/col@{at}");

        // Three in one turn.
        Assert.Equal((200, """{"restored":4,"deleted":1,"turns":2,"atomic":false}"""), (restored.Status, restored.Data.GetRawText()));
        var now = await client.GetAsync($"{Collection}/records");
        Assert.Equal(["r0", "r1", "r2", "r3", "r4", "r5", "r6", "rec"], now.Ids.Order(StringComparer.Ordinal));
        Assert.Equal(restored.ETag, now.ETag);
        Assert.Equal(42, (await client.GetAsync(Record)).Data.GetProperty("foo").GetInt32());
        Assert.Equal(["new", "r4", "r5", "r6", "rec"], (await client.GetAsync($"{Collection}/records?_since={poll.Stamp}")).Ids.Order(StringComparer.Ordinal));
        Assert.Equal("""{"restored":0,"deleted":0,"turns":0,"atomic":true}""", (await client.SendAsync("POST", $"{bucket}/snapshot/collections/col@{at}")).Data.GetRawText());
        Assert.Equal(5, (await client.GetAsync($"{History}?_since={poll.Stamp}")).Data.GetArrayLength());
    }

    [Fact]
    public async Task Restore_OfOneRecord_LeavesTheOthers()
    {
        await client.PutAsync($"{Collection}/records/other", """{"data":{"n":1}}""");
        var at = (await client.GetAsync($"{Collection}/records")).Stamp;
        await client.DeleteAsync(Record);
        await client.PutAsync($"{Collection}/records/other", """{"data":{"n":2}}""");

        Assert.Equal(200, (await client.SendAsync("POST", $"{bucket}/snapshot/collections/col@{at}?id=rec")).Status);

        Assert.Equal(42, (await client.GetAsync(Record)).Data.GetProperty("foo").GetInt32());
        Assert.Equal(2, (await client.GetAsync($"{Collection}/records/other")).Data.GetProperty("n").GetInt32());
    }

    [Fact]
    public async Task Restore_ByWhoMayOnlyRead_Is403_AndChangesNothing()
    {
        using var other = await server.NewUserAsync();
        await client.SendAsync("PATCH", Collection, """{"permissions":{"read":["system.Authenticated"]}}""");
        var at = (await client.GetAsync(Record)).Stamp;
        var after = await client.PutAsync(Record, """{"data":{"foo":43}}""");

        (await other.SendAsync("POST", $"{bucket}/snapshot/collections/col@{at}")).AssertError(403, KintoErrno.Forbidden);

        Assert.Equal(after.ETag, (await client.GetAsync(Record)).ETag);
    }

    [Fact]
    public async Task Settings_LetSomebodyReadAndDeleteTheHistoryOfAllBuckets()
    {
        using var anonymous = server.Anonymous();
        foreach (var name in (string[])["auditor", "shredder"])
        {
            await anonymous.PutAsync($"/accounts/{name}", """{"data":{"password":"s3cr3t"}}""");
        }

        using var auditor = server.As("auditor", "s3cr3t");
        using var shredder = server.As("shredder", "s3cr3t");
        Assert.Equal(4, Told(await auditor.GetAsync(History)).Count());
        (await auditor.DeleteAsync(History)).AssertError(403, KintoErrno.Forbidden);
        (await auditor.GetAsync(Record)).AssertError(403, KintoErrno.Forbidden);

        Assert.Equal(200, (await shredder.DeleteAsync(History)).Status);

        Assert.Empty(Told(await auditor.GetAsync(History)));
        (await shredder.DeleteAsync(Record)).AssertError(403, KintoErrno.Forbidden);
    }

    private Task<KintoAnswer> SnapshotAsync(long at) => client.GetAsync($"{bucket}/snapshot/collections/col@{at}");

    private static IEnumerable<string> Told(KintoAnswer answer) => Told(answer.Data);

    private static IEnumerable<string> Told(JsonElement entries) => entries.EnumerateArray().Select(static entry => $"{Text(entry, "resource_name")} {Text(entry, "action")}");

    private static JsonElement Target(JsonElement entry) => entry.GetProperty("target").GetProperty("data");

    private static string? Text(JsonElement entry, string name) => entry.GetProperty(name).GetString();

    public sealed class RememberingServer() : KintoServer(options => options with
    {
        Kinto = options.Kinto with
        {
            History = new KintoHistoryOptions { Enabled = true, ExcludedResources = "/buckets/silent, /buckets/half/collections/silent", RestoredAtOnce = 3 },
        },
        Buckets = options.Buckets with
        {
            History = new HistoryOptions(),
            Access = options.Buckets.Access with { HistoryReadPrincipals = "account:auditor", HistoryWritePrincipals = "account:shredder" },
        },
    });

    private sealed class Plain(KintoServer server) : IAsyncDisposable
    {
        public KintoServer Server => server;

        public static async Task<Plain> StartAsync() => new(await KintoServer.StartAsync());

        public async ValueTask DisposeAsync() => await server.DisposeAsync();
    }
}
