using System.Net;
using System.Text;
using System.Text.Json;

namespace Lockstep.Gateway.Protocol;

/// <summary>What accounts have stored, as administrators see and delete it.</summary>
[Collection(SharedAdministration.Name)]
public sealed class BucketAdministrationTests(AdministeredServer server) : IAsyncLifetime
{
    private readonly string name = $"b{Guid.NewGuid():N}"[..12];
    private PageClient page = null!;
    private string user = null!;

    public async Task InitializeAsync()
    {
        page = await server.SignInAsync("admin");
        user = await server.NewUserAsync();
    }

    public Task DisposeAsync()
    {
        page.Dispose();
        return Task.CompletedTask;
    }

    [Fact]
    public async Task Buckets_OfAnAccount_AreListed_WithWhatTheyHold()
    {
        await PutAsync("/v1/buckets/default/collections/tasks/records/a", """{"data":{"a":1}}""");
        await PutAsync($"/v1/buckets/{name}", """{"data":{}}""");
        await PutAsync($"/v1/buckets/{name}/collections/notes", """{"data":{}}""");
        await PutAsync($"/v1/buckets/{name}/collections/notes/records/a", """{"data":{"text":"x"}}""");
        await PutAsync($"/v1/buckets/{name}/collections/notes/records/b", """{"data":{"text":"y"}}""");

        var list = await page.GetAsync($"/accounts/{user}/buckets");

        Assert.Equal([false, true], list.GetProperty("buckets").EnumerateArray().Select(static one => one.GetProperty("isPersonal").GetBoolean()).Order());
        Assert.Equal(JsonValueKind.Null, list.GetProperty("next").ValueKind);
        var shown = await page.GetAsync($"/accounts/{user}/buckets/b:{name}");
        var notes = Assert.Single(shown.GetProperty("collections").EnumerateArray());
        Assert.Equal(("notes", 2L), (notes.GetProperty("name").GetString(), notes.GetProperty("records").GetInt64()));
        Assert.True(notes.GetProperty("bytes").GetInt64() > 0);
        var account = await page.GetAsync($"/accounts/{user}");
        Assert.Equal((2L, 3L), (account.GetProperty("buckets").GetInt64(), account.GetProperty("usage").GetProperty("records").GetInt64()));
    }

    [Fact]
    public async Task Buckets_AreListedPageAfterPage_EachOnce()
    {
        var names = Enumerable.Range(0, 55).Select(number => $"{name}-{number:00}").ToList();
        foreach (var one in names)
        {
            await PutAsync($"/v1/buckets/{one}", """{"data":{}}""");
        }

        var first = await page.GetAsync($"/accounts/{user}/buckets");
        var second = await page.GetAsync($"/accounts/{user}/buckets?after={first.GetProperty("next").GetString()}");

        Assert.Equal(names, first.GetProperty("buckets").EnumerateArray().Concat(second.GetProperty("buckets").EnumerateArray()).Select(static one => one.GetProperty("name").GetString()));
    }

    [Fact]
    public async Task Bucket_IsDeleted_OnlyIfItsNameConfirmsThat()
    {
        await PutAsync($"/v1/buckets/{name}", """{"data":{}}""");
        var path = $"/accounts/{user}/buckets/b:{name}";
        Assert.Equal("400 not-confirmed", await page.RefusedAsync("DELETE", path, "{}"));
        Assert.Equal("400 not-confirmed", await page.RefusedAsync("DELETE", path, """{"confirm":"other"}"""));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync($"/v1/buckets/{name}"));

        Assert.Equal(204, (await page.SendAsync("DELETE", path, $$"""{"confirm":"{{name}}"}""")).Status);

        Assert.NotEqual(HttpStatusCode.OK, await StatusAsync($"/v1/buckets/{name}"));
        Assert.Equal("404 no-bucket", await page.RefusedAsync("GET", path));
        Assert.Equal("404 no-bucket", await page.RefusedAsync("DELETE", path, $$"""{"confirm":"{{name}}"}"""));
    }

    [Fact]
    public async Task Bucket_OfAnotherAccount_IsNotFound()
    {
        await PutAsync($"/v1/buckets/{name}", """{"data":{}}""");
        await PutAsync("/v1/buckets/default/collections/tasks/records/a", """{"data":{"a":1}}""");
        var personal = (await page.GetAsync($"/accounts/{user}/buckets")).GetProperty("buckets").EnumerateArray()
            .Single(static one => one.GetProperty("isPersonal").GetBoolean()).GetProperty("id").GetString()!;

        foreach (var id in new[] { $"b:{name}", personal, "b:", "u:", "x:1", "s:1", "w:1", "nonsense" })
        {
            Assert.Equal($"{id} 404 no-bucket", $"{id} {await page.RefusedAsync("GET", $"/accounts/bob/buckets/{id}")}");
            Assert.Equal($"{id} 404 no-bucket", $"{id} {await page.RefusedAsync("DELETE", $"/accounts/bob/buckets/{id}", $$"""{"confirm":"{{id[Math.Min(2, id.Length)..]}}"}""")}");
        }

        Assert.Equal(HttpStatusCode.OK, await StatusAsync($"/v1/buckets/{name}"));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync("/v1/buckets/default/collections/tasks/records/a"));
    }

    [Fact]
    public async Task Account_ThatIsNotThere_HasNoBuckets()
    {
        foreach (var path in new[] { $"/accounts/{name}/buckets", $"/accounts/{name}/buckets/b:x" })
        {
            Assert.Equal("404 no-account", await page.RefusedAsync("GET", path));
        }
    }

    private string Authorization => "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user}:{AdministeredServer.Password}"));

    private async Task PutAsync(string path, string body)
    {
        using var client = new PageClient(server.Address);
        using var answer = await client.SendRawAsync("PUT", path, body, authorization: Authorization);
        Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
    }

    private async Task<HttpStatusCode> StatusAsync(string path)
    {
        using var client = new PageClient(server.Address);
        using var answer = await client.SendRawAsync("GET", path, authorization: Authorization);
        return answer.StatusCode;
    }
}
