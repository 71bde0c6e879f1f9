using System.Text;
using Lockstep.Gateway.Kinto;
using Lockstep.Storage.Contract;

namespace Lockstep.Gateway.Protocol;

/// <summary>Filters on fields, as clients send them.</summary>
[Collection(SharedServer.Name)]
public sealed class FieldFilterTests(KintoServer server)
{
    private const string List = KintoClient.Records;

    [Theory]
    [InlineData(List)]
    [InlineData("/buckets/default/collections")]
    [InlineData("/buckets/default/groups")]
    [InlineData("/buckets")]
    public async Task Filter_OfTheTable_LetsThroughWhatTheTableSays(string list)
    {
        using var client = await server.NewUserAsync();

        // Names of buckets are everybody's.
        var suffix = list is "/buckets" ? $"-{Guid.NewGuid():N}" : "";
        foreach (var (id, body) in FieldFilterCases.Records)
        {
            var data = Encoding.UTF8.GetString(body.Span);
            data = list.EndsWith("groups", StringComparison.Ordinal) ? $$"""{"members":[]{{(data is "{}" ? "" : ",")}}{{data[1..]}}""" : data;
            Assert.Equal((id, 201), (id, (await client.PutAsync($"{list}/{id}{suffix}", $$"""{"data":{{data}}}""")).Status));
        }

        foreach (var (parameter, filter, ids) in FieldFilterCases.All.Where(row => suffix.Length == 0 || row.Filter.Path is not "id"))
        {
            var path = $"{list}?_sort=id&{Escape(parameter)}";
            var page = await client.GetAsync(path);

            Assert.Equal($"{path}: {ids}", $"{path}: {string.Concat(page.Ids.Select(static id => id[0]))}");
            Assert.Equal((path, $"{ids.Length}"), (path, page.Headers["Total-Objects"]));
            Assert.Equal((path, $"{ids.Length}"), (path, (await client.SendAsync("HEAD", path)).Headers["Total-Objects"]));
        }
    }

    [Theory]
    [InlineData("like_t=5")]
    [InlineData("like_t=[1]")]
    [InlineData("has_t=1")]
    [InlineData("has_t=")]
    [InlineData("contains_id=a")]
    [InlineData("contains_any_last_modified=5")]
    [InlineData("like_last_modified=5")]
    [InlineData("in_last_modified=5,a")]
    [InlineData("not_last_modified=x")]
    [InlineData("eq_last_modified=9223372036854775807")]
    [InlineData("min_id={}")]
    [InlineData("lt_id=true")]
    [InlineData("t=a%00b")]
    [InlineData("a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p.q.r.s.t.u=1")]
    [InlineData("=5")]
    public async Task Filter_ThatCannotBe_Is400_AndNothingIsDeleted(string query)
    {
        using var client = await server.NewUserAsync();
        await client.PutAsync($"{List}/a", """{"data":{"t":"a"}}""");
        foreach (var method in new[] { "GET", "DELETE" })
        {
            var answer = await client.SendAsync(method, $"{List}?{query}");
            answer.AssertError(400, KintoErrno.InvalidParameters);
            Assert.Equal((query, "querystring"), (query, Assert.Single(answer.Json.GetProperty("details").EnumerateArray()).GetProperty("location").GetString()));
        }

        Assert.Single((await client.GetAsync(List)).Ids);
    }

    [Fact]
    public async Task Filters_TooManyOrOfTooManyValues_Are400()
    {
        using var client = await server.NewUserAsync();
        static string Many(int count) => string.Join('&', Enumerable.Range(0, count).Select(static i => $"not_a{i}=1"));
        Assert.Equal(200, (await client.GetAsync($"{List}?{Many(10)}&{string.Join('&', Enumerable.Repeat("not_a1=1", 50))}")).Status);
        (await client.GetAsync($"{List}?{Many(11)}")).AssertError(400, KintoErrno.InvalidParameters);
        static string Values(int count) => string.Join(',', Enumerable.Range(0, count));
        Assert.Equal(200, (await client.GetAsync($"{List}?in_n={Values(1_000)}")).Status);
        (await client.GetAsync($"{List}?in_n={Values(1_001)}")).AssertError(400, KintoErrno.InvalidParameters);
        (await client.GetAsync($"{List}?contains_any_n=[{Values(1_001)}]")).AssertError(400, KintoErrno.InvalidParameters);
        (await client.GetAsync($"{List}?in_n={Values(999)}&n=1&not_m=2")).AssertError(400, KintoErrno.InvalidParameters);
    }

    [Theory]
    [InlineData("contains_a", 65, 200)]
    [InlineData("contains_any_a", 100, 200)]
    [InlineData("a", 100, 200)]
    [InlineData("in_a", 99, 200)]
    [InlineData("in_a", 100, 400)]
    [InlineData("exclude_a", 100, 400)]
    public async Task Value_NestedDeep_IsTaken_OrIs400_AlsoInABatch(string name, int depth, int status)
    {
        using var client = await server.NewUserAsync();
        var path = $"{List}?{name}={new string('[', depth)}{new string(']', depth)}";

        Assert.Equal(status, (await client.GetAsync(path)).Status);
        Assert.Equal(status, (await client.SendAsync("HEAD", path)).Status);
        var batch = await client.PostAsync("/batch", $$$"""{"requests":[{"method":"PUT","path":"{{{List}}}/a"},{"path":"{{{path}}}"}]}""");
        Assert.Equal([201, status], batch.Json.GetProperty("responses").EnumerateArray().Select(static part => part.GetProperty("status").GetInt32()));
    }

    [Theory]
    [InlineData("")]
    [InlineData("&_sort=id")]
    [InlineData("&_sort=last_modified")]
    [InlineData("&_sort=-n,id")]
    public async Task Pages_OfAFilter_HaveEachRecordOnce_WithOneStamp(string sort)
    {
        using var client = await SeedAsync(20);
        var (ids, path, stamps) = (new List<string>(), $"{List}?_limit=3&min_n=2&_fields=n{sort}", new HashSet<string>(StringComparer.Ordinal));
        while (path.Length > 0)
        {
            var page = await client.GetAsync(path);
            ids.AddRange(page.Ids);
            stamps.Add(page.ETag!);
            path = page.Headers.TryGetValue("Next-Page", out var url) ? url[(url.IndexOf("/v1", StringComparison.Ordinal) + 3)..] : "";
        }

        Assert.Equal(Enumerable.Range(0, 20).Where(static i => i % 4 >= 2).Select(static i => $"r{i:00}"), ids.Order(StringComparer.Ordinal));
        Assert.Single(stamps);
    }

    [Fact]
    public async Task Delete_OfAFilter_DeletesWhatMatches_AndWithALimitThatMany()
    {
        using var client = await SeedAsync(20);

        var three = await client.DeleteAsync($"{List}?n=1&_limit=3&_sort=id");
        var rest = await client.DeleteAsync($"{List}?n=1");
        var none = await client.DeleteAsync($"{List}?n=1&like_t=*");

        Assert.Equal(["r01", "r05", "r09"], three.Ids);
        Assert.True(three.Headers.ContainsKey("Next-Page"));
        Assert.Equal(["r13", "r17"], rest.Ids.Order(StringComparer.Ordinal));
        Assert.Empty(none.Ids);
        Assert.Equal("15", (await client.SendAsync("HEAD", List)).Headers["Total-Objects"]);
        Assert.Empty((await client.GetAsync($"{List}?n=1")).Ids);
    }

    /// <summary>All goes in whatever order: nothing has to be sorted for that, and so there is no place in it to go on from.</summary>
    [Fact]
    public async Task Delete_InAnOrderByFields_WithoutALimit_DeletesAll_AndTakesNoToken()
    {
        using var client = await SeedAsync(20);
        var first = await client.DeleteAsync($"{List}?_sort=-n&_limit=5");
        var token = first.Headers["Next-Page"].Split("_token=")[1];

        (await client.DeleteAsync($"{List}?_sort=-n&_token={token}")).AssertError(400, KintoErrno.InvalidParameters);
        Assert.Equal(15, (await client.GetAsync(List)).Ids.Count());
        Assert.Equal(5, (await client.DeleteAsync($"{List}?_sort=-n&_limit=5&_token={token}")).Ids.Count());
        Assert.Equal(10, (await client.DeleteAsync($"{List}?_sort=-n")).Ids.Count());
        Assert.Empty((await client.GetAsync(List)).Ids);
    }

    /// <summary>As a URL it is longer than it came.</summary>
    [Theory]
    [InlineData(List)]
    [InlineData("/buckets")]
    public async Task Query_TooLongForANextPage_Is400_WhereThereWouldBeOne(string list)
    {
        using var client = await SeedAsync(2);
        await client.PutAsync($"/buckets/{Guid.NewGuid():N}", "{}");
        var path = $"{list}?not_a={new string(',', 20_000)}";

        Assert.Equal(200, (await client.GetAsync(path)).Status);
        (await client.GetAsync($"{path}&_limit=1")).AssertError(400, KintoErrno.InvalidParameters);
    }

    [Fact]
    public async Task Delete_OfAFilterOnBuckets_DeletesWhatMatches()
    {
        using var client = await server.NewUserAsync();
        var names = Enumerable.Range(0, 4).Select(static i => $"{i}-{Guid.NewGuid():N}").ToList();
        foreach (var name in names)
        {
            await client.PutAsync($"/buckets/{name}", $$$"""{"data":{"n":{{{name[0]}}}}}""");
        }

        Assert.Equal(names[2..], (await client.DeleteAsync("/buckets?min_n=2&_sort=id")).Ids);
        Assert.Equal(names[..2], (await client.GetAsync("/buckets?_sort=id")).Ids);
    }

    [Fact]
    public async Task Filter_InABatch_SeesWhatTheBatchHasWritten()
    {
        using var client = await SeedAsync(4);
        var answer = await client.PostAsync("/batch", $$$$"""
            {"requests":[
              {"method":"PUT","path":"{{{{List}}}}/new","body":{"data":{"n":1}}},
              {"path":"{{{{List}}}}?n=1&_sort=id"},
              {"method":"HEAD","path":"{{{{List}}}}?n=1"},
              {"method":"PUT","path":"{{{{List}}}}/r01","body":{"data":{"n":7}}},
              {"path":"{{{{List}}}}?n=1&_sort=id"},
              {"method":"DELETE","path":"{{{{List}}}}?in_n=1,7"},
              {"path":"{{{{List}}}}?_sort=id"}
            ]}
            """);
        var parts = answer.Json.GetProperty("responses").EnumerateArray().ToList();

        Assert.Equal("new r01", Ids(1));
        Assert.Equal("2", parts[2].GetProperty("headers").GetProperty("Total-Objects").GetString());
        Assert.Equal("new", Ids(4));
        Assert.Equal("new r01", string.Join(' ', Ids(5).Split(' ').Order(StringComparer.Ordinal)));
        Assert.Equal("r00 r02 r03", Ids(6));

        string Ids(int part) => string.Join(' ', parts[part].GetProperty("body").GetProperty("data").EnumerateArray().Select(static record => record.GetProperty("id").GetString()));
    }

    [Fact]
    public async Task Filter_OnStamps_ShowsTombstones_AsAllOfThemDo()
    {
        using var client = await SeedAsync(3);
        var gone = await client.DeleteAsync($"{List}/r01");

        Assert.Equal(["r00", "r01", "r02"], (await client.GetAsync($"{List}?_sort=id&not_last_modified=1")).Ids);
        Assert.Equal(["r01"], (await client.GetAsync($"{List}?in_last_modified=1,{gone.Data.GetProperty("last_modified").GetInt64()}")).Ids);
        Assert.Equal(["r01"], (await client.GetAsync($"{List}?_since=0&has_n=false")).Ids);
        Assert.Equal(["r00", "r02"], (await client.GetAsync($"{List}?_sort=id&_since=0&has_n=true")).Ids);
        Assert.False((await client.GetAsync($"{List}?_since=0")).Headers.ContainsKey("Total-Objects"));
    }

    [Fact]
    public async Task Total_OfAList_IsOnItsFirstPage_WhereItCostsNothing()
    {
        using var client = await SeedAsync(5);
        var first = await client.GetAsync($"{List}?_limit=2");

        Assert.Equal("5", first.Headers["Total-Objects"]);
        Assert.False((await client.GetAsync($"{List}?_limit=1&min_n=1")).Headers.ContainsKey("Total-Objects"));
        Assert.Equal("4", (await client.GetAsync($"{List}?min_n=0&exclude_id=r00")).Headers["Total-Records"]);
    }

    private async Task<KintoClient> SeedAsync(int count)
    {
        var client = await server.NewUserAsync();
        for (var i = 0; i < count; i += 10)
        {
            var puts = Enumerable.Range(i, Math.Min(10, count - i))
                .Select(static n => $$$$"""{"method":"PUT","path":"{{{{List}}}}/r{{{{n:00}}}}","body":{"data":{"n":{{{{n % 4}}}}}}}""");
            await client.PostAsync("/batch", $$"""{"requests":[{{string.Join(',', puts)}}]}""");
        }

        return client;
    }

    private static string Escape(string parameter) => parameter.Split('=', 2) is [var name, var value] ? $"{Uri.EscapeDataString(name)}={Uri.EscapeDataString(value)}" : parameter;
}
