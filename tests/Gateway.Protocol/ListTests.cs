using Lockstep.Core.Buckets;
using Lockstep.Core.Lists;
using Lockstep.Core.Operations;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Owner;
using Lockstep.Core.Records;
using Lockstep.Gateway.Accounts;
using Lockstep.Gateway.Http;
using Lockstep.Gateway.Kinto;
using Lockstep.Gateway.Routing;
using Lockstep.Storage.Contract;

namespace Lockstep.Gateway.Protocol;

[Collection(SharedServer.Name)]
public sealed class ListTests(KintoServer server)
{
    private const string List = KintoClient.Records;

    [Fact]
    public async Task Head_OfAList_SaysNoLengthThatIsNone()
    {
        using var client = await server.NewUserAsync();
        await client.PutAsync(KintoClient.Records + "/a", """{"data":{}}""");
        foreach (var path in new[] { KintoClient.Records, "/buckets", "/accounts" })
        {
            var head = await client.SendAsync("HEAD", path);

            Assert.Equal((200, "1"), (head.Status, head.Headers["Total-Objects"]));
            Assert.False(head.Headers.ContainsKey("Content-Length"));
        }

        Assert.NotEqual("0", (await client.SendAsync("HEAD", KintoClient.Records + "/a")).Headers["Content-Length"]);
    }

    [Fact]
    public async Task List_NewestFirst_WithItsStamp()
    {
        using var client = await SeedAsync("a", "b", "c");
        var list = await client.GetAsync(List);

        Assert.Equal(["c", "b", "a"], list.Ids);
        Assert.Equal(list.Data[0].GetProperty("last_modified").GetInt64(), list.Stamp);
        Assert.False(list.Headers.ContainsKey("Next-Page"));
        Assert.Equal(("3", "3"), (list.Headers["Total-Objects"], list.Headers["Total-Records"]));
    }

    [Fact]
    public async Task Head_CountsLiveRecords()
    {
        using var client = await SeedAsync("a", "b", "c");
        await client.DeleteAsync(List + "/b");

        Assert.Equal("2", (await client.SendAsync("HEAD", List)).Headers["Total-Objects"]);
        Assert.Equal("2", (await client.SendAsync("HEAD", List + "?_since=0")).Headers["Total-Records"]);
        Assert.Equal("1", (await client.SendAsync("HEAD", List + "?in_id=a,b")).Headers["Total-Objects"]);
    }

    [Fact]
    public async Task Since_ShowsWhatChanged_TombstonesToo()
    {
        using var client = await SeedAsync("a", "b", "c");
        var etag = (await client.GetAsync(List)).ETag;
        Assert.Empty((await client.GetAsync($"{List}?_since={Uri.EscapeDataString(etag)}")).Ids);
        await client.DeleteAsync(List + "/b");
        var last = await client.PutAsync(List + "/a", """{"data":{}}""");

        foreach (var since in new[] { Uri.EscapeDataString(etag), etag.Trim('"') })
        {
            var changes = await client.GetAsync($"{List}?_since={since}");
            Assert.Equal(["a", "b"], changes.Ids);
            Assert.True(changes.Data[1].GetProperty("deleted").GetBoolean());
            Assert.Equal(last.Stamp, changes.Stamp);
        }

        Assert.Equal(["a", "c"], (await client.GetAsync(List)).Ids);
    }

    [Fact]
    public async Task Filters_OfIdStampAndDeleted_AreApplied()
    {
        using var client = await SeedAsync("a", "b", "c", "d");
        var stamps = (await client.GetAsync(List + "?_sort=id")).Data.EnumerateArray().Select(record => record.GetProperty("last_modified").GetInt64()).ToArray();
        await client.DeleteAsync(List + "/d");

        async Task<string> Ids(string query) => string.Concat((await client.GetAsync($"{List}?_sort=id&{query}")).Ids);
        Assert.Equal("ac", await Ids("in_id=a,c,d"));
        Assert.Equal("a", await Ids("id=a"));
        Assert.Equal("bc", await Ids("exclude_id=a"));
        Assert.Equal("ac", await Ids("not_id=b"));
        Assert.Equal("ab", await Ids($"_before={stamps[2]}"));
        Assert.Equal("ab", await Ids($"lt_last_modified={stamps[2]}"));
        Assert.Equal("abc", await Ids($"max_last_modified={stamps[2]}"));
        Assert.Equal("bcd", await Ids($"min_last_modified={stamps[1]}"));
        Assert.Equal("cd", await Ids($"gt_last_modified={stamps[1]}"));
        Assert.Equal("b", await Ids($"last_modified={stamps[1]}"));
        Assert.Equal("d", await Ids("_since=0&deleted=true"));
        Assert.Equal("", await Ids("deleted=true"));
        Assert.Equal("abc", await Ids("_expected=%22123%22"));
    }

    [Fact]
    public async Task To_IsDeprecated_AndSaysSo() =>
        Assert.Contains("_before", (await (await server.NewUserAsync()).GetAsync(List + "?_to=5")).Headers["Alert"], StringComparison.Ordinal);

    [Fact]
    public async Task Sort_ByFields_FollowsJsonbOrderWithMissingLast()
    {
        using var client = await server.NewUserAsync();
        foreach (var (id, data) in new[] { ("n2", """{"t":2}"""), ("n10", """{"t":10}"""), ("s", """{"t":"x"}"""), ("none", "{}"), ("b", """{"t":true}"""), ("z", """{"t":null}"""), ("l", """{"t":[1]}"""), ("o", """{"t":{"a":1}}""") })
        {
            await client.PutAsync($"{List}/{id}", $$$"""{"data":{{{data}}}}""");
        }

        Assert.Equal(["z", "s", "n2", "n10", "b", "l", "o", "none"], (await client.GetAsync(List + "?_sort=t")).Ids);
        Assert.Equal(["none", "o", "l", "b", "n10", "n2", "s", "z"], (await client.GetAsync(List + "?_sort=-t")).Ids);
        Assert.Equal(["o"], (await client.GetAsync(List + "?_sort=t.a&_limit=1")).Ids);
    }

    [Fact]
    public async Task Sort_ByNumbersOfAnySize_IsOneOrder_SoThatPagesSkipNothing()
    {
        using var client = await server.NewUserAsync();
        string[] numbers = ["7922816251426433759354395033.4", "79228162514264337593543950334", "79228162514264337593543950335", "79228162514264337593543950336", "1e28", "1e29", "1e999", "1e99999999999", "-1e999", "0", "-0.0", "0.1"];
        for (var i = 0; i < numbers.Length; i++)
        {
            Assert.Equal(201, (await client.PutAsync($"{List}/n{i}", $$$"""{"data":{"n":{{{numbers[i]}}}}}""")).Status);
        }

        var whole = (await client.GetAsync(List + "?_sort=n")).Ids.ToList();
        var seen = new List<string>();
        for (var path = List + "?_sort=n&_limit=1"; path is not null && seen.Count < 100;)
        {
            var page = await client.GetAsync(path);
            seen.AddRange(page.Ids);
            path = page.Headers.TryGetValue("Next-Page", out var next) ? new Uri(next).PathAndQuery["/v1".Length..] : null;
        }

        Assert.Equal(numbers.Length, whole.Count);
        Assert.Equal(whole, seen);
    }

    [Fact]
    public async Task Sort_ByTextsWithHalfASurrogatePair_IsOneOrder_SoThatPagesSkipNothing()
    {
        using var client = await server.NewUserAsync();
        string[] texts = ["a", "cut \\ud83d", "cut \\uD83D", "cut \\ud83d\\ude00", "cut \\ude00", "cut \\ufffd", "cut", "\\u0063ut \\ud83c", "é"];
        for (var i = 0; i < texts.Length; i++)
        {
            Assert.Equal(201, (await client.PutAsync($"{List}/t{i}", $$$"""{"data":{"t":"{{{texts[i]}}}","o":{"t":["{{{texts[i]}}}"]} } }""")).Status);
        }

        foreach (var field in new[] { "t", "o", "-o.t" })
        {
            var whole = (await client.GetAsync($"{List}?_sort={field}")).Ids.ToList();
            var seen = new List<string>();
            for (var path = $"{List}?_sort={field}&_limit=1"; path is not null && seen.Count < 100;)
            {
                var page = await client.GetAsync(path);
                Assert.Equal(200, page.Status);
                seen.AddRange(page.Ids);
                path = page.Headers.TryGetValue("Next-Page", out var next) ? new Uri(next).PathAndQuery["/v1".Length..] : null;
            }

            Assert.Equal(texts.Length, whole.Count);
            Assert.Equal(whole, seen);
        }

        Assert.Equal(["t0", "t6", "t7", "t2", "t1", "t3", "t4", "t5", "t8"], (await client.GetAsync(List + "?_sort=t,-last_modified")).Ids);
    }

    [Fact]
    public async Task Query_WithHalfASurrogatePair_Is400_OrFindsNothing()
    {
        using var client = await server.NewUserAsync();
        await client.PutAsync(List + "/a", """{"data":{"s":"cut \ud83d"}}""");
        foreach (var query in new[] { "in_id=%ED%A0%BD", "_sort=%ED%A0%BD", "%ED%A0%BD=a", "_fields=%ED%A0%BD", "_token=%ED%A0%BD" })
        {
            (await client.GetAsync($"{List}?{query}")).AssertError(400, KintoErrno.InvalidParameters);
        }

        Assert.Empty((await client.GetAsync(List + "?in_id=%22%5Cud83d%22")).Ids);
        Assert.Contains("cut \\ud83d", (await client.GetAsync(List + "?_fields=s")).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Sort_ByValuesTooLongToPageBy_Is400()
    {
        using var client = await server.NewUserAsync();
        await client.PutAsync(List + "/a", $$$"""{"data":{"k":"a{{{new string('x', 5_000)}}}"}}""");
        await client.PutAsync(List + "/b", $$$"""{"data":{"k":"b{{{new string('x', 5_000)}}}"}}""");
        Assert.Equal(["a", "b"], (await client.GetAsync(List + "?_sort=k")).Ids);
        (await client.GetAsync(List + "?_sort=k&_limit=1")).AssertError(400, KintoErrno.InvalidParameters);
    }

    [Theory]
    [InlineData("")]
    [InlineData("_sort=last_modified&")]
    [InlineData("_sort=-id&")]
    [InlineData("_sort=group,-id&")]
    [InlineData("_since=0&")]
    [InlineData("_fields=group&")]
    public async Task Pages_FollowedToTheEnd_ShowEverythingOnce(string query)
    {
        using var client = await server.NewUserAsync();
        for (var i = 0; i < 7; i++)
        {
            await client.PutAsync($"{List}/r{i}", $$$"""{"data":{"group":{{{i % 3}}}}}""");
        }

        var whole = (await client.GetAsync($"{List}?{query}")).Ids.ToList();
        var seen = new List<string>();
        var path = $"{List}?{query}_limit=2";
        for (var pages = 1; ; pages++)
        {
            var page = await client.GetAsync(path);
            seen.AddRange(page.Ids);
            Assert.InRange(pages, 1, 4);
            if (!page.Headers.TryGetValue("Next-Page", out var next))
            {
                break;
            }

            Assert.StartsWith($"{server.Address}v1/buckets/", next, StringComparison.Ordinal);
            path = new Uri(next).PathAndQuery["/v1".Length..];
        }

        Assert.Equal(7, whole.Count);
        Assert.Equal(whole, seen);
    }

    [Fact]
    public async Task Since_FarInTheFuture_IsAnEmptyListWithTheRealStamp()
    {
        using var client = await SeedAsync("a");
        var list = await client.GetAsync(List);
        var ahead = await client.GetAsync($"{List}?_since=99999999999999");
        Assert.Equal((200, list.ETag, 0), (ahead.Status, ahead.ETag, ahead.Ids.Count()));
    }

    [Fact]
    public async Task Sort_ByAFieldOfManyNames_Is400_AndOfAFewIsFine()
    {
        using var client = await SeedAsync("a");

        Assert.Equal(200, (await client.GetAsync($"{List}?_sort={string.Join('.', Enumerable.Repeat("a", 20))}")).Status);
        (await client.GetAsync($"{List}?_sort=b,-{string.Join('.', Enumerable.Repeat("a", 21))}")).AssertError(400, KintoErrno.InvalidParameters);
        (await client.GetAsync($"{List}?_sort={string.Join('.', Enumerable.Repeat("a", 15_000))}")).AssertError(400, KintoErrno.InvalidParameters);
    }

    [Fact]
    public async Task Sort_TooManyFields_Is400()
    {
        using var client = await SeedAsync("a");
        Assert.Equal(200, (await client.GetAsync($"{List}?_sort={string.Join(',', Enumerable.Range(0, 10).Select(i => $"f{i}"))}")).Status);
        (await client.GetAsync($"{List}?_sort={string.Join(',', Enumerable.Range(0, 11).Select(i => $"f{i}"))}")).AssertError(400, KintoErrno.InvalidParameters);
    }

    [Fact]
    public async Task Limit_Zero_IsNoLimit()
    {
        using var client = await SeedAsync("a", "b", "c");
        Assert.Equal(3, (await client.GetAsync(List + "?_limit=0")).Ids.Count());
    }

    [Theory]
    [InlineData("_limit=x")]
    [InlineData("_limit=-1")]
    [InlineData("_since=x")]
    [InlineData("_since=-5")]
    [InlineData("_since=1.5")]
    [InlineData("_before=%22x%22")]
    [InlineData("_token=x")]
    [InlineData("_token=e30")]
    [InlineData("_token=bm9wZQ")]
    [InlineData("_token=eyJtIjoxLCJpIjoiYSIsImwiOi05MjIzMzcyMDM2ODU0Nzc1ODA4fQ")]
    [InlineData("_token=eyJtIjoxLCJpIjoiYSIsImwiOjkyMjMzNzIwMzY4NTQ3NzU4MDd9")]
    [InlineData("_sort=,-")]
    [InlineData("has_title=x")]
    [InlineData("like_title=5")]
    [InlineData("in_last_modified=x")]
    [InlineData("deleted=maybe")]
    [InlineData("in_id=%22a")]
    [InlineData("a=%FF")]
    [InlineData("a=%00")]
    public async Task Query_ThatCannotBeHonoured_Is400(string query)
    {
        using var client = await SeedAsync("a");
        (await client.GetAsync($"{List}?{query}")).AssertError(400, KintoErrno.InvalidParameters);
        (await client.DeleteAsync($"{List}?{query}")).AssertError(400, KintoErrno.InvalidParameters);
        Assert.Single((await client.GetAsync(List)).Ids);
    }

    [Fact]
    public async Task Delete_List_LeavesTombstonesForAllThatMatch()
    {
        using var client = await SeedAsync("a", "b", "c");
        var before = (await client.GetAsync(List)).Stamp;

        var some = await client.DeleteAsync(List + "?in_id=a,b");
        var rest = await client.DeleteAsync(List);
        var none = await client.DeleteAsync(List);

        Assert.Equal(["b", "a"], some.Ids);
        Assert.True(some.Stamp > before);
        Assert.Equal(["c"], rest.Ids);
        Assert.Empty(none.Ids);
        Assert.Equal(rest.Stamp, none.Stamp);
        Assert.Equal(3, (await client.GetAsync($"{List}?_since={before}")).Ids.Count());
    }

    [Fact]
    public async Task Delete_List_WithALimit_SaysWhereToGoOn()
    {
        using var client = await SeedAsync("a", "b", "c");
        var first = await client.DeleteAsync(List + "?_limit=2");
        Assert.Equal(["c", "b"], first.Ids);
        var next = new Uri(first.Headers["Next-Page"]).PathAndQuery["/v1".Length..];
        Assert.Equal(["a"], (await client.DeleteAsync(next)).Ids);
    }

    [Fact]
    public async Task Delete_ListLargerThanOneTurn_DeletesAll()
    {
        using var client = await server.NewUserAsync();
        for (var batch = 0; batch < 90; batch++)
        {
            var requests = string.Join(',', Enumerable.Range(0, 25).Select(i => $"{{\"path\":\"{List}/r{batch}-{i}\"}}"));
            Assert.Equal(200, (await client.PostAsync("/batch", """{"defaults":{"method":"PUT","body":{"data":{}}},"requests":[""" + requests + "]}")).Status);
        }

        Assert.Equal(2250, (await client.DeleteAsync(List)).Ids.Count());
        Assert.Empty((await client.GetAsync(List)).Ids);
    }

    [Fact]
    public async Task Delete_OfMoreThanThereIsRoomToTellOf_IsToldWhereItStopped_AndGoesOn()
    {
        var alice = new Principal("account:alice", "alice", "d0b2a1ce-0000-0000-0000-000000000000");
        var target = KintoTarget.OfBucket(alice, "default").Records("tasks");
        using var buckets = new InProcessBuckets(new InMemoryBucketStore(), new BucketOptions(), TimeProvider.System);
        await buckets.Get(target.Bucket).ExecuteAsync(
            new BucketRequest(target.Caller, [.. Enumerable.Range(0, 6_500).Select(i => new PutRecord(ObjectRef.Record("tasks", $"r{i}"), "{}"u8.ToArray()))]), default);

        // Of 256 bytes each an eighth of this is some more than the 2,000 of one step.
        var plans = new ListPlans(new KintoOptions(), buckets, new HttpOptions { MaxAnswerBytes = 2 * 4 * 2_500 * 256 }, access: null!, caching: null!);
        var request = new KintoRequest
        {
            Method = "DELETE",
            Path = RequestPath.OfDecoded(target.Path),
            Query = QueryParameters.None,
            Header = static _ => null,
            SignInAsync = static (_, _) => new(SignIn.Anonymous),
            BaseUrl = "",
            Principal = alice,

            // Nothing is loaded for this answer.
            Room = null!,
        };
        var statuses = new List<(int, long)>();
        while (statuses.Count < 3)
        {
            var response = await Assert.IsType<KintoPlan.Task>(plans.Delete(request, target)).Run(default);
            var left = await buckets.Get(target.Bucket).ExecuteAsync(new BucketRequest(target.Caller, [new CountRecords(target.List, new ListQuery { Limit = 1 })]), default);
            statuses.Add((response.Status, Assert.IsType<CountFound>(left.Outcomes[0]).Count));
        }

        Assert.Equal([(503, 2_500), (200, 0), (200, 0)], statuses);
    }

    private async Task<KintoClient> SeedAsync(params string[] ids)
    {
        var client = await server.NewUserAsync();
        foreach (var id in ids)
        {
            Assert.Equal(201, (await client.PutAsync($"{List}/{id}", """{"data":{"a":1}}""")).Status);
        }

        return client;
    }
}
