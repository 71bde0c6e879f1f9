using System.Text;
using System.Text.Json;
using Lockstep.Gateway.Console.Administrators;
using Microsoft.Extensions.DependencyInjection;

namespace Lockstep.Gateway.Protocol;

/// <summary>What the pages of the console ask the server: sign-in, a user's own data, their account, and the first administrator.</summary>
[Collection(SharedServer.Name)]
public sealed class ConsoleTests(KintoServer server)
{
    private const string Password = "s3cr3t";

    [Fact]
    public async Task SignIn_SetsACookieThatOnlyTheConsolesOwnPagesSend_AndNoScriptReads()
    {
        using var user = await server.NewUserAsync();
        using var console = new ConsoleClient(server.Address);

        var answer = await console.SignInAsync(NameOf(user), Password);

        AssertStatus(200, answer);
        Assert.Matches("^lockstep-console=[A-Za-z0-9_-]{43}; Path=/admin/; Max-Age=43200; HttpOnly; SameSite=Strict$", answer.Headers["Set-Cookie"]);
        Assert.Equal(("no-store", "nosniff"), (answer.Headers["Cache-Control"], answer.Headers["X-Content-Type-Options"]));
        var who = (await console.GetAsync("/session")).Json;
        Assert.Equal((NameOf(user), false), (who.GetProperty("account").GetString(), who.GetProperty("administrator").GetBoolean()));
    }

    [Fact]
    public async Task Session_OpensTheConsoleAlone()
    {
        using var user = await server.NewUserAsync();
        using var console = await SignedInAsync(user);
        using var anonymous = server.Anonymous();

        Assert.Equal(401, (await anonymous.GetAsync("/buckets/default", ("Cookie", console.Cookie!))).Status);
    }

    [Fact]
    public async Task SignIn_WithAWrongPassword_SaysAtWhichField_AndSignsNobodyIn()
    {
        using var user = await server.NewUserAsync();
        using var console = new ConsoleClient(server.Address);

        var answer = await console.SignInAsync(NameOf(user), "another");

        AssertError(403, "wrong-password", answer);
        Assert.Equal("password", answer.Json.GetProperty("field").GetString());
        Assert.Null(console.Cookie);
        AssertError(400, "missing", await console.PostAsync("/session", new { account = NameOf(user) }));
        AssertError(400, "no-json", await console.PostAsync("/session", new[] { 1 }));
    }

    [Theory]
    [InlineData("Lockstep-Console", "")]
    [InlineData("Sec-Fetch-Site", "cross-site")]
    [InlineData("Sec-Fetch-Site", "same-site")]
    public async Task Change_ThatAnotherSiteAsksFor_IsRefused(string header, string value)
    {
        using var user = await server.NewUserAsync();
        using var console = await SignedInAsync(user);

        AssertError(403, "other-site", await console.SendAsync("DELETE", "/session", body: null, (header, value)));
        AssertStatus(200, await console.GetAsync("/usage"));
    }

    [Fact]
    public async Task SignOut_EndsTheSession_EvenForWhoeverKeptTheCookie()
    {
        using var user = await server.NewUserAsync();
        using var console = await SignedInAsync(user);
        var cookie = console.Cookie;

        AssertStatus(204, await console.DeleteAsync("/session"));

        Assert.Null(console.Cookie);
        console.Cookie = cookie;
        AssertError(401, "signed-out", await console.GetAsync("/usage"));
        Assert.Equal(JsonValueKind.Null, (await console.GetAsync("/session")).Json.GetProperty("account").ValueKind);
    }

    [Fact]
    public async Task Password_ThatIsChangedElsewhere_EndsTheSession()
    {
        using var user = await server.NewUserAsync();
        using var console = await SignedInAsync(user);

        AssertStatus(200, await user.SendAsync("PATCH", $"/accounts/{NameOf(user)}", """{"data":{"password":"another one"}}"""));

        AssertError(401, "signed-out", await console.GetAsync("/usage"));
    }

    [Fact]
    public async Task Password_ThatIsChangedHere_KeepsThisSession_AndEndsTheOthers()
    {
        using var user = await server.NewUserAsync();
        using var console = await SignedInAsync(user);
        using var other = await SignedInAsync(user);

        AssertError(403, "wrong-password", await console.PostAsync("/account/password", new Dictionary<string, string> { ["password"] = "wrong", ["new"] = "a longer one" }));
        AssertError(400, "too-short", await console.PostAsync("/account/password", new Dictionary<string, string> { ["password"] = Password, ["new"] = "short" }));
        AssertStatus(200, await console.PostAsync("/account/password", new Dictionary<string, string> { ["password"] = Password, ["new"] = "a longer one" }));

        AssertStatus(200, await console.GetAsync("/usage"));
        AssertError(401, "signed-out", await other.GetAsync("/usage"));
        using var renewed = server.As(NameOf(user), "a longer one");
        Assert.Equal(NameOf(user), (await renewed.GetAsync("/")).Json.GetProperty("user").GetProperty("id").GetString()!["account:".Length..]);
    }

    [Fact]
    public async Task Account_IsDeletedWithItsPasswordAlone_AndItsSessionsAndDataWithIt()
    {
        using var user = await server.NewUserAsync();
        await user.PutAsync(KintoClient.Records + "/one", """{"data":{"a":1}}""");
        using var console = await SignedInAsync(user);
        using var other = await SignedInAsync(user);

        AssertError(403, "wrong-password", await console.PostAsync("/account/deletion", new { password = "wrong" }));
        AssertStatus(200, await console.GetAsync("/usage"));
        AssertStatus(204, await console.PostAsync("/account/deletion", new { password = Password }));

        AssertError(401, "signed-out", await other.GetAsync("/usage"));
        Assert.Equal(401, (await user.GetAsync(KintoClient.Records)).Status);
    }

    [Fact]
    public async Task Data_IsListedFromBucketToRecord_AndUsageCountsIt()
    {
        using var user = await server.NewUserAsync();
        await user.PutAsync(KintoClient.Records + "/milk", """{"data":{"done":false,"title":"Milk"}}""");
        var team = $"team-{NameOf(user)}";
        await user.PutAsync($"/buckets/{team}", """{"data":{"name":"Team"}}""");
        using var console = await SignedInAsync(user);

        var usage = (await console.GetAsync("/usage")).Json;
        var buckets = (await console.GetAsync("/buckets")).Json;
        var bucket = (await console.GetAsync("/buckets/default")).Json;
        var collection = (await console.GetAsync("/buckets/default/collections/tasks")).Json;
        var record = (await console.GetAsync("/buckets/default/collections/tasks/records/milk")).Json;

        Assert.Equal((1, 0), (usage.GetProperty("records").GetInt64(), usage.GetProperty("quota").GetProperty("bytes").GetInt64()));
        Assert.Equal(new HashSet<string> { "default", team }, buckets.GetProperty("buckets").EnumerateArray().Select(static one => one.GetProperty("id").GetString()!).ToHashSet());
        Assert.Equal(("tasks", 1), (bucket.GetProperty("collections")[0].GetProperty("id").GetString(), bucket.GetProperty("collections")[0].GetProperty("records").GetInt64()));
        Assert.Equal(("milk", 1), (collection.GetProperty("records")[0].GetProperty("id").GetString(), collection.GetProperty("total").GetInt64()));
        Assert.Equal("""{"done":false,"title":"Milk"}""", record.GetProperty("data").GetRawText());
        Assert.Equal("Team", (await console.GetAsync($"/buckets/{team}")).Json.GetProperty("data").GetProperty("name").GetString());
    }

    [Fact]
    public async Task Data_ThatIsNotThereYet_IsAnEmptyBucket_AndAnEmptyCollectionIsOne()
    {
        using var user = await server.NewUserAsync();
        using var console = await SignedInAsync(user);

        var none = (await console.GetAsync("/buckets/default")).Json;
        await user.PutAsync("/buckets/default/collections/empty", """{"data":{}}""");
        var one = (await console.GetAsync("/buckets/default")).Json;

        Assert.Equal((JsonValueKind.Null, 0), (none.GetProperty("modified").ValueKind, none.GetProperty("collections").GetArrayLength()));
        Assert.Equal(("empty", 0), (one.GetProperty("collections")[0].GetProperty("id").GetString(), one.GetProperty("collections")[0].GetProperty("records").GetInt64()));
        Assert.Equal(0, (await console.GetAsync("/buckets/default/collections/empty")).Json.GetProperty("records").GetArrayLength());
    }

    [Fact]
    public async Task Records_ComePageByPage_EachOnce()
    {
        using var user = await server.NewUserAsync();
        var ids = Enumerable.Range(0, 120).Select(static i => $"r{i:000}").ToList();
        for (var i = 0; i < ids.Count; i += 20)
        {
            var requests = ids.Skip(i).Take(20).Select(static id => new { method = "PUT", path = "/v1" + KintoClient.Records + "/" + id, body = new { data = new { } } });
            AssertStatus(200, await user.PostAsync("/batch", JsonSerializer.Serialize(new { requests })));
        }

        using var console = await SignedInAsync(user);
        var found = new List<string>();
        string? after = null;
        do
        {
            var page = (await console.GetAsync("/buckets/default/collections/tasks" + (after is null ? "" : $"?after={after}"))).Json;
            found.AddRange(page.GetProperty("records").EnumerateArray().Select(static one => one.GetProperty("id").GetString()!));
            after = page.GetProperty("next").GetString();
        }
        while (after is not null);

        Assert.Equal(ids, found);
    }

    [Fact]
    public async Task Deletion_NeedsTheStampOfWhatWasLookedAt()
    {
        const string record = "/buckets/default/collections/tasks/records/milk";
        using var user = await server.NewUserAsync();
        var stamp = (await user.PutAsync(KintoClient.Records + "/milk", """{"data":{"a":1}}""")).Stamp;
        var newer = (await user.PutAsync(KintoClient.Records + "/milk", """{"data":{"a":2}}""")).Stamp;
        using var console = await SignedInAsync(user);

        AssertError(428, "no-stamp", await console.DeleteAsync(record));
        AssertError(412, "changed", await console.DeleteAsync(record, stamp));
        AssertStatus(204, await console.DeleteAsync(record, newer));
        AssertError(404, "not-found", await console.GetAsync(record));

        var collection = (await console.GetAsync("/buckets/default/collections/tasks")).Json.GetProperty("modified").GetInt64();
        AssertStatus(204, await console.DeleteAsync("/buckets/default/collections/tasks", collection));
        var bucket = (await console.GetAsync("/buckets/default")).Json;
        Assert.Equal(0, bucket.GetProperty("collections").GetArrayLength());
        AssertStatus(204, await console.DeleteAsync("/buckets/default", bucket.GetProperty("modified").GetInt64()));
        Assert.Equal(0, (await console.GetAsync("/buckets")).Json.GetProperty("buckets").GetArrayLength());
    }

    [Fact]
    public async Task Bucket_OfAnotherUser_IsNotThere_EvenIfItIsShared()
    {
        using var user = await server.NewUserAsync();
        using var stranger = await server.NewUserAsync();
        var bucket = $"shared-{NameOf(user)}";
        await user.PutAsync($"/buckets/{bucket}", $$$"""{"permissions":{"read":["account:{{{NameOf(stranger)}}}"]}}""");
        using var console = await SignedInAsync(stranger);

        foreach (var path in new[] { $"/buckets/{bucket}", $"/buckets/{bucket}/collections/x", "/buckets/none", "/buckets/default/collections/none", "/buckets/default/collections/a%2Fb" })
        {
            AssertError(404, "not-found", await console.GetAsync(path));
        }
    }

    [Fact]
    public async Task Export_HasAllBuckets_ALineForEachObject_AndSaysAtTheEndThatItIsWhole()
    {
        using var user = await server.NewUserAsync();
        using var friend = await server.NewUserAsync();
        var reader = $"account:{NameOf(friend)}";
        var bucket = $"export-{NameOf(user)}";
        await user.PutAsync(KintoClient.Records + "/milk", """{"data":{"title":"Grüße"}}""");
        await user.PutAsync($"/buckets/{bucket}", $$$"""{"permissions":{"read":["{{{reader}}}"]}}""");
        await user.PutAsync($"/buckets/{bucket}/groups/g", """{"data":{"members":[]}}""");
        using var console = await SignedInAsync(user);

        var answer = await console.GetAsync("/export");

        Assert.Equal(("application/jsonl; charset=utf-8", "attachment; filename=\"lockstep.jsonl\""), (answer.Headers["Content-Type"], answer.Headers["Content-Disposition"]));
        var lines = answer.Text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(static line => JsonDocument.Parse(line).RootElement).ToList();
        Assert.Equal(
            new HashSet<string> { "bucket default", "collection tasks", "record milk", $"bucket {bucket}", "group g" },
            lines[..^1].Select(static line => $"{line.GetProperty("type").GetString()} {line.GetProperty("id").GetString()}").ToHashSet());
        Assert.Equal(("end", lines.Count - 1), (lines[^1].GetProperty("type").GetString(), lines[^1].GetProperty("objects").GetInt32()));
        Assert.Equal("Grüße", lines.Single(static line => line.GetProperty("type").GetString() is "record").GetProperty("data").GetProperty("title").GetString());
        Assert.Equal(reader, lines[..^1].Single(line => line.GetProperty("id").GetString() == bucket).GetProperty("permissions").GetProperty("read")[0].GetString());
    }

    [Fact]
    public async Task Link_MakesOneAdministrator_WhoIsOneForAllProtocols_AndNoLinkWorksAfterwards()
    {
        var links = server.Services.GetRequiredService<AdministratorLinks>();
        var made = await links.MakeAsync(TimeSpan.FromHours(1), most: 2, CancellationToken.None);
        var second = SecretOf(await links.MakeAsync(TimeSpan.FromHours(1), most: 2, CancellationToken.None));
        Assert.StartsWith("/admin/first#link=", made, StringComparison.Ordinal);
        var secret = SecretOf(made);
        using var taken = await server.NewUserAsync();
        var name = $"chief-{NameOf(taken)}";
        using var console = new ConsoleClient(server.Address);

        AssertError(403, "link-over", await MakeAsync(new string('A', 43), name, "a good password"));
        AssertError(400, "bad-name", await MakeAsync(secret, "not a name", "a good password"));
        AssertError(400, "too-short", await MakeAsync(secret, name, "short"));
        AssertError(409, "name-taken", await MakeAsync(secret, NameOf(taken), "a good password"));
        AssertStatus(200, await MakeAsync(secret, name, "a good password"));

        Assert.True((await console.GetAsync("/session")).Json.GetProperty("administrator").GetBoolean());
        using var chief = server.As(name, "a good password");
        AssertStatus(200, await chief.GetAsync($"/accounts/{NameOf(taken)}"));
        Assert.Equal(403, (await taken.GetAsync($"/accounts/{name}")).Status);
        AssertError(403, "link-over", await MakeAsync(secret, name + "2", "a good password"));
        AssertError(403, "link-over", await MakeAsync(second, name + "2", "a good password"));

        Task<KintoAnswer> MakeAsync(string link, string account, string password) => console.PostAsync("/first-administrator", new { link, account, password });
    }

    [Fact]
    public async Task Link_ThatIsReplaced_WorksNoMore()
    {
        var links = server.Services.GetRequiredService<AdministratorLinks>();
        var first = SecretOf(await links.MakeAsync(TimeSpan.FromHours(1), most: 1, CancellationToken.None));
        await links.MakeAsync(TimeSpan.FromHours(1), most: 1, CancellationToken.None);
        using var console = new ConsoleClient(server.Address);

        AssertError(403, "link-over", await console.PostAsync("/first-administrator", new { link = first, account = "nobody-yet", password = "a good password" }));
    }

    [Fact]
    public async Task Root_IsAPageForPeople_AndWhatItWasForEverybodyElse()
    {
        using var http = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false }) { BaseAddress = server.Address };

        Assert.Equal((200, "text/html; charset=utf-8"), await AskAsync("text/html,application/xhtml+xml"));
        Assert.Equal(307, (await AskAsync("*/*")).Status);
        Assert.Equal(307, (await AskAsync("application/json")).Status);

        async Task<(int Status, string? Type)> AskAsync(string accept)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/");
            request.Headers.TryAddWithoutValidation("Accept", accept);
            using var answer = await http.SendAsync(request);
            return ((int)answer.StatusCode, answer.Content.Headers.ContentType?.ToString());
        }
    }

    [Theory]
    [InlineData("/admin")]
    [InlineData("/admin/")]
    [InlineData("/admin/bucket?bucket=default")]
    [InlineData("/admin/first")]
    public async Task Page_HasTheShellsHeaders_AndRunsItsOwnFilesAlone(string path)
    {
        using var http = new HttpClient { BaseAddress = server.Address };

        using var page = await http.GetAsync(path);

        Assert.Equal(200, (int)page.StatusCode);
        var policy = page.Headers.GetValues("Content-Security-Policy").Single();
        Assert.Matches(@"^default-src 'none'; script-src http://127\.0\.0\.1:\d+/pages/[0-9a-f]{32}/;", policy);
        Assert.Contains("frame-ancestors 'none'", policy, StringComparison.Ordinal);
        Assert.Equal("no-store", page.Headers.CacheControl!.ToString());
    }

    [Fact]
    public async Task Api_WithoutASession_TellsNothing()
    {
        using var console = new ConsoleClient(server.Address);

        foreach (var path in new[] { "/usage", "/buckets", "/buckets/default", "/export" })
        {
            AssertError(401, "signed-out", await console.GetAsync(path));
            console.Cookie = "lockstep-console=" + new string('A', 43);
            AssertError(401, "signed-out", await console.GetAsync(path));
            console.Cookie = null;
        }

        AssertError(404, "not-found", await console.GetAsync("/nothing"));
        AssertError(405, "method", await console.SendAsync("PUT", "/session"));
    }

    private static string NameOf(KintoClient user) => Encoding.UTF8.GetString(Convert.FromBase64String(user.Authorization!["Basic ".Length..])).Split(':')[0];

    private static string SecretOf(string link) => link[(link.IndexOf('=', StringComparison.Ordinal) + 1)..];

    private static void AssertStatus(int status, KintoAnswer answer) => Assert.True(status == answer.Status, $"{answer.Status} instead of {status}: {answer.Text}");

    private static void AssertError(int status, string word, KintoAnswer answer)
    {
        AssertStatus(status, answer);
        Assert.Equal(word, answer.Json.GetProperty("error").GetString());
        Assert.NotEmpty(answer.Json.GetProperty("message").GetString()!);
    }

    private async Task<ConsoleClient> SignedInAsync(KintoClient user)
    {
        var console = new ConsoleClient(server.Address);
        AssertStatus(200, await console.SignInAsync(NameOf(user), Password));
        return console;
    }
}
