using Lockstep.Gateway.Kinto;

namespace Lockstep.Gateway.Protocol;

[Collection(SharedServer.Name)]
public sealed class BucketTests(KintoServer server)
{
    private const string Collections = "/buckets/default/collections";

    [Fact]
    public async Task DefaultBucket_BeforeItsFirstWrite_IsThereAndEmpty_AndReadingItWritesNothing()
    {
        using var client = await server.NewUserAsync();
        var bucket = await client.GetAsync("/buckets/default");
        var list = await client.GetAsync(KintoClient.Records);

        Assert.Equal((200, 200), (bucket.Status, list.Status));
        Assert.Equal("\"0\"", list.ETag);
        Assert.DoesNotContain("default", bucket.Text, StringComparison.Ordinal);
        Assert.Equal(200, (await client.GetAsync(Collections + "/tasks")).Status);
        Assert.Empty((await client.GetAsync("/buckets")).Ids);
        Assert.Empty((await client.GetAsync(Collections)).Ids);
        Assert.Equal("0", (await client.SendAsync("HEAD", KintoClient.Records)).Headers["Total-Objects"]);
    }

    [Fact]
    public async Task DefaultBucket_UnderItsOwnId_IsTheSame_AndNobodyElses()
    {
        using var client = await server.NewUserAsync();
        await client.PutAsync(KintoClient.Records + "/a", """{"data":{"n":1}}""");
        var id = (await client.GetAsync("/buckets/default")).Data.GetProperty("id").GetString();

        Assert.Equal(1, (await client.GetAsync($"/buckets/{id}/collections/tasks/records/a")).Data.GetProperty("n").GetInt32());
        using var mallory = await server.NewUserAsync();
        foreach (var path in new[] { $"/buckets/{id}", $"/buckets/{id}/collections", $"/buckets/{id}/collections/tasks/records", $"/buckets/{id}/collections/tasks/records/a" })
        {
            (await mallory.GetAsync(path)).AssertError(403, KintoErrno.Forbidden);
        }

        // Somebody may make a bucket of that name; it is another one.
        Assert.Equal(201, (await mallory.PutAsync($"/buckets/{id}", """{"data":{}}""")).Status);
        Assert.Empty((await mallory.GetAsync($"/buckets/{id}/collections")).Ids);
        Assert.Equal(["tasks"], (await client.GetAsync($"/buckets/{id}/collections")).Ids);
    }

    [Fact]
    public async Task EmptyList_CreatedByHand_DoesNotLookFlushed()
    {
        using var client = await server.NewUserAsync();
        await client.PutAsync(KintoClient.Records.Replace("tasks", "other", StringComparison.Ordinal) + "/a", """{"data":{}}""");
        var before = (await client.GetAsync(KintoClient.Records)).ETag;
        Assert.Equal(201, (await client.PutAsync(Collections + "/tasks", """{"data":{"title":"x"}}""")).Status);
        Assert.Equal(200, (await client.SendAsync("PATCH", Collections + "/tasks", """{"data":{"title":"y"}}""")).Status);

        Assert.Equal(before, (await client.GetAsync(KintoClient.Records)).ETag);
    }

    [Fact]
    public async Task CollectionDeleted_ItsListIsEmptyAndNewer_AndOldReadersAreToldToStartOver()
    {
        using var client = await server.NewUserAsync();
        await client.PutAsync(KintoClient.Records + "/a", """{"data":{}}""");
        var before = await client.GetAsync(KintoClient.Records);

        var deleted = await client.DeleteAsync(Collections + "/tasks");
        Assert.Equal(200, deleted.Status);
        var empty = await client.GetAsync($"{KintoClient.Records}?_since={before.Stamp}");
        Assert.Empty(empty.Ids);
        Assert.Equal(deleted.Stamp, empty.Stamp);
        Assert.Equal(["tasks"], (await client.GetAsync(Collections + "?_since=0")).Ids);

        await client.PutAsync(KintoClient.Records + "/b", """{"data":{}}""");
        var old = await client.GetAsync($"{KintoClient.Records}?_since={before.Stamp}");
        Assert.Empty(old.Ids);
        Assert.Equal(deleted.Stamp, old.Stamp);
        Assert.Equal(["b"], (await client.GetAsync($"{KintoClient.Records}?_since={old.Stamp}")).Ids);
        Assert.Equal(["b"], (await client.GetAsync(KintoClient.Records)).Ids);
    }

    [Fact]
    public async Task BucketDeleted_EverythingIsGone_AndStampsGoOn()
    {
        using var client = await server.NewUserAsync();
        var written = await client.PutAsync(KintoClient.Records + "/a", """{"data":{}}""");
        var deleted = await client.DeleteAsync("/buckets/default");

        Assert.Equal(200, deleted.Status);
        Assert.True(deleted.Stamp > written.Stamp);
        Assert.Equal(deleted.Stamp, (await client.GetAsync(KintoClient.Records)).Stamp);
        (await client.GetAsync(KintoClient.Records + "/a")).AssertError(404, KintoErrno.InvalidResourceId);
        (await client.DeleteAsync("/buckets/default")).AssertError(404, KintoErrno.InvalidResourceId);
        Assert.True((await client.PutAsync(KintoClient.Records + "/a", """{"data":{}}""")).Stamp > deleted.Stamp);
    }

    [Fact]
    public async Task NamedBucket_BelongsToItsMaker()
    {
        using var client = await server.NewUserAsync();
        using var other = await server.NewUserAsync();
        const string bucket = "/buckets/shop";
        (await client.GetAsync(bucket)).AssertError(403, KintoErrno.Forbidden);
        (await client.PutAsync(bucket + "/collections/c", """{"data":{}}""")).AssertError(403, KintoErrno.Forbidden);
        Assert.Equal(201, (await client.PutAsync(bucket, """{"data":{"note":"x"},"permissions":{}}""")).Status);
        Assert.Equal(200, (await client.PutAsync(bucket, "{}")).Status);
        (await other.PutAsync(bucket, """{"data":{}}""")).AssertError(403, KintoErrno.Forbidden);
        (await other.PutAsync(bucket, """{"data":{}}""", ("If-None-Match", "*"))).AssertError(412, KintoErrno.ModifiedMeanwhile);
        (await client.GetAsync(bucket + "/collections/c/records")).AssertError(404, KintoErrno.MissingResource);
        (await client.PutAsync(bucket + "/collections/c/records/a", """{"data":{}}""")).AssertError(404, KintoErrno.MissingResource);
        (await client.GetAsync(bucket + "/collections/c")).AssertError(404, KintoErrno.InvalidResourceId);
        Assert.Equal(201, (await client.PostAsync(bucket + "/collections", """{"data":{"id":"c"}}""")).Status);
        Assert.Equal(201, (await client.PutAsync(bucket + "/collections/c/records/a", """{"data":{}}""")).Status);
        Assert.Equal(["shop"], (await client.GetAsync("/buckets")).Ids);
        Assert.Equal(200, (await client.DeleteAsync(bucket)).Status);
        Assert.Empty((await client.GetAsync("/buckets")).Ids);
        Assert.True((await client.GetAsync("/buckets?_since=0")).Data[0].GetProperty("deleted").GetBoolean());
    }

    [Fact]
    public async Task BucketList_CanBePagedAndDeleted()
    {
        using var client = await server.NewUserAsync();
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal(201, (await client.PostAsync("/buckets", $$$"""{"data":{"id":"list-{{{i}}}"}}""")).Status);
        }

        var generated = await client.PostAsync("/buckets", """{"data":{}}""");
        Assert.Equal(200, (await client.PostAsync("/buckets", """{"data":{"id":"list-0"}}""")).Status);
        var page = await client.GetAsync("/buckets?_sort=id&_limit=2&exclude_id=" + generated.Data.GetProperty("id").GetString());
        Assert.Equal(["list-0", "list-1"], page.Ids);
        Assert.Equal(["list-2"], (await client.GetAsync(new Uri(page.Headers["Next-Page"]).PathAndQuery["/v1".Length..])).Ids);
        Assert.Equal("4", (await client.SendAsync("HEAD", "/buckets")).Headers["Total-Objects"]);
        var some = await client.DeleteAsync("/buckets?_limit=1");
        Assert.Single(some.Ids);
        Assert.Equal(3, (await client.DeleteAsync(new Uri(some.Headers["Next-Page"]).PathAndQuery["/v1".Length..].Replace("_limit=1", "_limit=9", StringComparison.Ordinal))).Ids.Count());
        Assert.Empty((await client.GetAsync("/buckets")).Ids);
    }
}
