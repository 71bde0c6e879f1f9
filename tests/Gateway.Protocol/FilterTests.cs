using System.Globalization;
using System.Text.Json;
using Lockstep.Gateway.Kinto;

namespace Lockstep.Gateway.Protocol;

/// <summary>Parameters of lists beside each other: what one of them excludes is neither shown nor deleted.</summary>
[Collection(SharedServer.Name)]
public sealed class FilterTests(KintoServer server)
{
    private const string List = KintoClient.Records;

    /// <summary>
    /// Filters, and which of four records, in the order of their stamps, they let through. <c>{0}</c> to <c>{3}</c> stand for
    /// the ids, <c>{4}</c> to <c>{7}</c> for the stamps.
    /// </summary>
    private static readonly (string Text, string Passes)[] Filters =
    [
        ("id={0}", "0"), ("id={3}", "3"),
        ("in_id={0},{1}", "01"), ("in_id={1},{2}", "12"),
        ("not_id={0}", "123"), ("not_id={2}", "013"),
        ("exclude_id={1}", "023"), ("exclude_id={2},{3}", "01"),
        ("_since={4}", "123"), ("_since={6}", "3"),
        ("gt_last_modified={5}", "23"), ("gt_last_modified={6}", "3"),
        ("min_last_modified={5}", "123"), ("min_last_modified={6}", "23"),
        ("_before={5}", "0"), ("_before={7}", "012"),
        ("_to={6}", "01"), ("_to={7}", "012"),
        ("lt_last_modified={5}", "0"), ("lt_last_modified={6}", "01"),
        ("max_last_modified={5}", "01"), ("max_last_modified={6}", "012"),
        ("last_modified={5}", "1"), ("last_modified={6}", "2"),
        ("deleted=false", "0123"),
    ];

    [Fact]
    public async Task Filters_AnyTwoOnReads_BothApply()
    {
        using var withRecords = await server.NewUserAsync();
        using var withBuckets = await server.NewUserAsync();
        var records = await SeedAsync(withRecords, List);
        var buckets = await SeedAsync(withBuckets, "/buckets");

        // Each two in one order, and the two of one name, which are beside each other, in both: neither the first nor the last of them alone counts.
        foreach (var (first, second) in Filters.SelectMany((_, i) => Filters[Math.Max(0, i - 1)..], (first, second) => (first, second)))
        {
            var passes = Both(first, second);
            foreach (var (client, list, seeds) in new[] { (withRecords, List, records), (withBuckets, "/buckets", buckets) })
            {
                var path = $"{list}?_sort=last_modified&{Fill(first.Text, seeds)}&{Fill(second.Text, seeds)}";
                Assert.Equal($"{path}: {passes}", $"{path}: {Places((await client.GetAsync(path)).Ids, seeds)}");
                Assert.Equal($"{path}: {passes.Length}", $"{path}: {(await client.SendAsync("HEAD", path)).Headers["Total-Objects"]}");
            }
        }
    }

    [Theory]
    [InlineData("_since")]
    [InlineData("_before")]
    [InlineData("_to")]
    [InlineData("last_modified")]
    [InlineData("gt_last_modified")]
    [InlineData("min_last_modified")]
    [InlineData("lt_last_modified")]
    [InlineData("max_last_modified")]
    public async Task Stamp_TooGreat_IsSaidSo(string name)
    {
        using var client = await server.NewUserAsync();
        foreach (var list in new[] { List, "/buckets", "/accounts" })
        {
            foreach (var value in new[] { "9223372036854775807", "\"9223372036854775808\"", "99999999999999999999999" })
            {
                var refused = await client.GetAsync($"{list}?{name}={value}");
                refused.AssertError(400, KintoErrno.InvalidParameters);
                Assert.Equal($"{name} should be at most 9223372036854775806", refused.Json.GetProperty("message").GetString());
            }

            Assert.Equal(200, (await client.GetAsync($"{list}?{name}=9223372036854775806")).Status);
            Assert.Contains("should be integer", (await client.GetAsync($"{list}?{name}=-1")).Text, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Stamp_TooGreat_InHeadersAndOnDelete_IsSaidSo()
    {
        using var client = await server.NewUserAsync();
        await client.PutAsync($"{List}/a", """{"data":{}}""");
        foreach (var header in new[] { "If-Match", "If-None-Match" })
        {
            var refused = await client.GetAsync($"{List}/a", (header, "\"9223372036854775808\""));
            refused.AssertError(400, KintoErrno.InvalidParameters);
            Assert.Equal($"{header} should be at most 9223372036854775806", refused.Json.GetProperty("message").GetString());
            Assert.Contains("should be integer", (await client.GetAsync($"{List}/a", (header, "\"x\""))).Text, StringComparison.Ordinal);
        }

        var kept = await client.DeleteAsync($"{List}/a?last_modified=9223372036854775808");
        Assert.Equal("last_modified should be at most 9223372036854775806", kept.Json.GetProperty("message").GetString());
        Assert.Equal(200, (await client.GetAsync($"{List}/a")).Status);
    }

    [Fact]
    public async Task Limit_HoweverGreat_IsTheMostThereIs()
    {
        using var client = await server.NewUserAsync();
        await client.PutAsync($"{List}/a", """{"data":{}}""");
        foreach (var list in new[] { List, "/buckets", "/accounts" })
        {
            Assert.Single((await client.GetAsync($"{list}?_limit=99999999999999999999999")).Ids);
            (await client.GetAsync($"{list}?_limit=-1")).AssertError(400, KintoErrno.InvalidParameters);
        }
    }

    [Fact]
    public async Task Filters_AnyTwoOnDelete_DeleteWhatPassesBoth()
    {
        using var client = await server.NewUserAsync();
        for (var i = 0; i < Filters.Length; i++)
        {
            for (var j = i; j < Filters.Length; j++)
            {
                var list = $"/buckets/default/collections/c{i}-{j}/records";
                var seeds = await SeedAsync(client, list);
                var query = $"{Fill(Filters[i].Text, seeds)}&{Fill(Filters[j].Text, seeds)}";
                var passes = Both(Filters[i], Filters[j]);

                var deleted = await client.DeleteAsync($"{list}?_sort=last_modified&{query}");
                var left = Places((await client.GetAsync($"{list}?_sort=last_modified")).Ids, seeds);

                Assert.Equal($"{query}: {passes}", $"{query}: {Places(deleted.Ids, seeds)}");
                Assert.Equal($"{query}: {string.Concat("0123".Except(passes))}", $"{query}: {left}");
            }
        }
    }

    [Theory]
    [InlineData("id={0}&in_id={0},{1}", "0")]
    [InlineData("exclude_id={0}&exclude_id={1}", "23")]
    [InlineData("not_id={0}&exclude_id={1}&not_id={2}", "3")]
    [InlineData("_before={5}&max_last_modified={7}", "0")]
    [InlineData("_since={6}&_since={4}", "3")]
    [InlineData("last_modified={4}&last_modified={5}", "")]
    [InlineData("gt_last_modified={7}&min_last_modified={5}", "")]
    [InlineData("deleted=true", "")]
    public async Task Filters_OnDeleteOfBuckets_AllApply(string query, string passes)
    {
        using var client = await server.NewUserAsync();
        var seeds = await SeedAsync(client, "/buckets");
        var deleted = await client.DeleteAsync($"/buckets?_sort=last_modified&{Fill(query, seeds)}");
        Assert.Equal(passes, Places(deleted.Ids, seeds));
        Assert.Equal(string.Concat("0123".Except(passes)), Places((await client.GetAsync("/buckets?_sort=last_modified")).Ids, seeds));
    }

    [Fact]
    public async Task Filters_InABatch_AllApply()
    {
        using var client = await server.NewUserAsync();
        var seeds = await SeedAsync(client, List);
        var answer = await client.PostAsync("/batch", $$$$"""
            {"requests":[
              {"path":"{{{{List}}}}?id={{{{seeds[0].Id}}}}&in_id={{{{seeds[0].Id}}}},{{{{seeds[1].Id}}}}"},
              {"method":"DELETE","path":"{{{{List}}}}?exclude_id={{{{seeds[0].Id}}}}&exclude_id={{{{seeds[1].Id}}}}"},
              {"path":"{{{{List}}}}?_sort=last_modified"}
            ]}
            """);
        var parts = answer.Json.GetProperty("responses").EnumerateArray()
            .Select(part => Places(part.GetProperty("body").GetProperty("data").EnumerateArray().Select(record => record.GetProperty("id").GetString()!), seeds));
        Assert.Equal(["0", "32", "01"], parts);
    }

    [Theory]
    [InlineData("_limit=1&_limit=3", "_limit")]
    [InlineData("_limit=3&_limit=3", "_limit")]
    [InlineData("_limit=0&_limit=1", "_limit")]
    [InlineData("_sort=id&_sort=-id", "_sort")]
    [InlineData("_sort=a,b,c,d,e,f,g,h,i,j,k", "_sort")]
    [InlineData("_fields=a&_fields=b", "_fields")]
    [InlineData("_token=eyJtIjo1LCJpIjoiYSIsImwiOjV9&_token=eyJtIjo1LCJpIjoiYSIsImwiOjV9", "_token")]
    [InlineData("deleted=true&deleted=false", "deleted")]
    [InlineData("deleted=false&_since=0&deleted=true", "deleted")]
    public async Task Parameters_ThatCannotBothApply_Are400(string query, string name)
    {
        using var client = await server.NewUserAsync();
        foreach (var list in new[] { List, "/buckets/default/collections", "/buckets" })
        {
            var seeds = await SeedAsync(client, list);
            foreach (var method in new[] { "GET", "DELETE" })
            {
                AssertNames(name, await client.SendAsync(method, $"{list}?{query}"));
            }

            Assert.Equal(400, (await client.SendAsync("HEAD", $"{list}?{query}")).Status);
            Assert.Equal("0123", Places((await client.GetAsync($"{list}?_sort=last_modified")).Ids.Intersect(seeds.Select(seed => seed.Id)), seeds));
        }
    }

    [Fact]
    public async Task Ids_TooManyTogether_Are400()
    {
        using var client = await server.NewUserAsync();
        static string Some(int from) => string.Join(',', Enumerable.Range(from, 600));
        Assert.Equal(200, (await client.GetAsync($"{List}?exclude_id={Some(0)}&exclude_id={Some(0)}")).Status);
        Assert.Equal(200, (await client.GetAsync($"{List}?in_id={Some(0)}&in_id={Some(600)}")).Status);
        AssertNames("exclude_id", await client.GetAsync($"{List}?not_id={Some(0)}&exclude_id={Some(600)}"));
    }

    [Fact]
    public async Task Parameters_OfAnObject_GivenTwice_Are400()
    {
        using var client = await server.NewUserAsync();
        foreach (var path in new[] { List + "/a", "/buckets/default/collections/tasks", "/buckets/default" })
        {
            await client.PutAsync(path, """{"data":{"a":1,"b":2}}""");
            AssertNames("_fields", await client.GetAsync(path + "?_fields=a&_fields=b"));
            AssertNames("last_modified", await client.DeleteAsync(path + "?last_modified=5&last_modified=6"));
            AssertNames("last_modified", await client.DeleteAsync(path + "?last_modified=5&last_modified=5"));
            Assert.Equal(200, (await client.GetAsync(path)).Status);
        }
    }

    [Theory]
    [InlineData("_since=null")]
    [InlineData("_before=null")]
    [InlineData("_to=null")]
    [InlineData("_limit=null")]
    [InlineData("_since=null&_before=null&_to=null&_limit=null")]
    public async Task Null_OfAClientThatHasNoStamp_IsNoFilter(string query)
    {
        using var client = await server.NewUserAsync();
        foreach (var list in new[] { List, "/buckets" })
        {
            await SeedAsync(client, list);
            await client.DeleteAsync((await client.GetAsync(list)).Ids.Select(id => $"{list}/{id}").First());
            var plain = await client.GetAsync(list);

            var answer = await client.GetAsync($"{list}?{query}");

            Assert.Equal((200, plain.Text, plain.ETag), (answer.Status, answer.Text, answer.ETag));
            Assert.Equal($"{plain.Ids.Count()}", (await client.SendAsync("HEAD", $"{list}?{query}")).Headers["Total-Objects"]);
        }
    }

    [Theory]
    [InlineData("_since")]
    [InlineData("_before")]
    [InlineData("_to")]
    [InlineData("_limit")]
    public async Task Null_OnDelete_Is400_AndNothingIsDeleted(string name)
    {
        using var client = await server.NewUserAsync();
        foreach (var list in new[] { List, "/buckets" })
        {
            var seeds = await SeedAsync(client, list);
            AssertNames(name, await client.DeleteAsync($"{list}?{name}=null"));
            Assert.Equal("3210", Places((await client.GetAsync(list)).Ids.Intersect(seeds.Select(seed => seed.Id)), seeds));
        }
    }

    [Fact]
    public async Task Null_BesideAValue_LeavesTheValue()
    {
        using var client = await server.NewUserAsync();
        var seeds = await SeedAsync(client, List);
        Assert.Equal("32", Places((await client.GetAsync($"{List}?_since=null&_since={seeds[1].Stamp}")).Ids, seeds));
        Assert.Equal("0", Places((await client.GetAsync($"{List}?_to=null&_before={seeds[1].Stamp}")).Ids, seeds));
    }

    [Theory]
    [InlineData("_since=%22null%22")]
    [InlineData("_before=NULL")]
    [InlineData("_to=undefined")]
    [InlineData("_since=")]
    [InlineData("gt_last_modified=null")]
    [InlineData("last_modified=null")]
    [InlineData("deleted=null")]
    public async Task Null_OfAnotherKind_Is400(string query)
    {
        using var client = await server.NewUserAsync();
        AssertNames(query.Split('=')[0], await client.GetAsync($"{List}?{query}"));
    }

    private static string Both((string Text, string Passes) first, (string Text, string Passes) second) =>
        string.Concat(first.Passes.Intersect(second.Passes));

    private static string Fill(string query, Seed[] seeds) => string.Format(
        CultureInfo.InvariantCulture, query, [.. seeds.Select(seed => seed.Id), .. seeds.Select(seed => seed.Stamp)]);

    /// <summary>Ids as places among the seeds.</summary>
    private static string Places(IEnumerable<string> ids, Seed[] seeds) =>
        string.Concat(ids.Select(id => Array.FindIndex(seeds, seed => seed.Id == id)));

    private static void AssertNames(string parameter, KintoAnswer answer)
    {
        answer.AssertError(400, KintoErrno.InvalidParameters);
        var detail = Assert.Single(answer.Json.GetProperty("details").EnumerateArray());
        Assert.Equal(("querystring", parameter), (detail.GetProperty("location").GetString(), detail.GetProperty("name").GetString()));
    }

    /// <summary>Four objects of the list, oldest first. Buckets have clocks of their own, so the stamps are wished for.</summary>
    private async Task<Seed[]> SeedAsync(KintoClient client, string list)
    {
        var now = server.Time.GetUtcNow().ToUnixTimeMilliseconds();
        var posts = Enumerable.Range(0, 4).Select(i => $$$$"""{"method":"POST","path":"{{{{list}}}}","body":{"data":{"last_modified":{{{{now + (100 * i)}}}}}}}""");
        var answer = await client.PostAsync("/batch", $$"""{"requests":[{{string.Join(',', posts)}}]}""");
        var seeds = answer.Json.GetProperty("responses").EnumerateArray().Select(part => part.GetProperty("body").GetProperty("data"))
            .Select(data => new Seed(data.GetProperty("id").GetString()!, data.GetProperty("last_modified").GetInt64())).ToArray();
        Assert.Equal(seeds.OrderBy(seed => seed.Stamp).DistinctBy(seed => seed.Stamp), seeds);
        return seeds;
    }

    private sealed record Seed(string Id, long Stamp);
}
