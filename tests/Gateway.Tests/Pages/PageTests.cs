using System.Net;
using Lockstep.Gateway.Http;
using Lockstep.Gateway.Pages;
using Lockstep.Gateway.Tests.Notes;

namespace Lockstep.Gateway.Tests.Pages;

/// <summary>What every set of pages has of the shell.</summary>
public sealed class PageTests
{
    private static readonly PageSet Set = new(typeof(PageTests).Assembly, ["/", "/try", "/try/again"], new Dictionary<string, string>(StringComparer.Ordinal) { ["name"] = "a\"<b" });

    private static Task<NotesServer> StartAsync(Func<HttpOptions, HttpOptions>? configure = null, bool withKinto = false) =>
        NotesServer.StartAsync(configure, withKinto, Set);

    [Theory]
    [InlineData("/")]
    [InlineData("/try")]
    [InlineData("/try/again?a=b")]
    public async Task Page_AtItsPath_HasTheHeaders(string path)
    {
        await using var server = await StartAsync();
        using var client = server.Client();
        client.DefaultRequestHeaders.Add("Accept", "text/html,*/*;q=0.8");

        using var response = await client.GetAsync(path);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("text/html; charset=utf-8", response.Content.Headers.ContentType!.ToString());
        var files = $"{server.Address}pages/{Set.Hash}/";
        Assert.Equal(
            $"default-src 'none'; script-src {files}; style-src {files}; img-src {files}; connect-src 'self'; form-action 'self'; "
            + "frame-ancestors 'none'; base-uri 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
            Header(response, "Content-Security-Policy"));
        Assert.Equal("no-store", Header(response, "Cache-Control"));
        Assert.Equal("no-referrer", Header(response, "Referrer-Policy"));
        Assert.Equal("nosniff", Header(response, "X-Content-Type-Options"));
        Assert.Equal("DENY", Header(response, "X-Frame-Options"));
        Assert.Equal("same-origin", Header(response, "Cross-Origin-Opener-Policy"));
        Assert.Equal("same-origin", Header(response, "Cross-Origin-Resource-Policy"));
    }

    [Fact]
    public async Task Page_OfAnotherOrigin_IsToldNothing()
    {
        await using var server = await StartAsync();
        using var client = server.Client();
        client.DefaultRequestHeaders.Add("Origin", "https://evil.example");
        foreach (var method in new[] { HttpMethod.Get, HttpMethod.Options })
        {
            using var response = await client.SendAsync(new HttpRequestMessage(method, "/try"));

            Assert.DoesNotContain(response.Headers, header => header.Key.StartsWith("Access-Control-", StringComparison.OrdinalIgnoreCase));
        }
    }

    [Fact]
    public async Task Document_IsFilledIn_AndItsFilesAreServedForEver()
    {
        await using var server = await StartAsync();
        using var client = server.Client();

        var document = await client.GetStringAsync("/try");

        Assert.Contains("<title>Try &amp; see</title>", document, StringComparison.Ordinal);
        Assert.Contains(" data-name=\"a&quot;&lt;b\"", document, StringComparison.Ordinal);
        Assert.DoesNotContain("{{", document, StringComparison.Ordinal);
        foreach (var path in Set.Files.Keys)
        {
            using var response = await client.GetAsync($"/pages/{Set.Hash}/{path}");
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            Assert.Equal("public, max-age=31536000, immutable", Header(response, "Cache-Control"));
            Assert.Equal(Set.Files[path].Content.ToArray(), await response.Content.ReadAsByteArrayAsync());
        }

        Assert.Contains($"src=\"/pages/{Set.Hash}/main.js\"", document, StringComparison.Ordinal);
        Assert.Contains($"href=\"/pages/{Set.Hash}/shell/style.css\"", document, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("/../shell/dom.js")]
    [InlineData("/..%2fmain.js")]
    [InlineData("/main.js/")]
    [InlineData("/MAIN.js")]
    [InlineData("/shell")]
    public async Task File_ThatIsNone_IsRefused_AndNotForEver(string path)
    {
        await using var server = await StartAsync();
        using var client = server.Client();

        using var response = await client.GetAsync(new Uri(server.Address + $"pages/{Set.Hash}{path}", new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true }));

        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
        Assert.DoesNotContain("immutable", response.Headers.CacheControl?.ToString() ?? "", StringComparison.Ordinal);
    }

    [Fact]
    public async Task File_UnderAnotherHash_IsAPageThatSaysWhatToDo_InEachLanguage()
    {
        await using var server = await StartAsync();
        using var client = server.Client();

        using var response = await client.GetAsync($"/pages/{new string('0', 32)}/main.js");
        var body = await response.Content.ReadAsStringAsync();

        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
        Assert.Equal("no-store", Header(response, "Cache-Control"));
        Assert.Contains("<section lang=\"en\">", body, StringComparison.Ordinal);
        Assert.Contains("<section lang=\"de\">", body, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "en")]
    [InlineData("de", "de")]
    [InlineData("de-AT, en;q=0.5", "de")]
    [InlineData("fr, de;q=0.3, en;q=0.7", "en")]
    [InlineData("fr, de;q=0.3", "de")]
    [InlineData("fr", "en")]
    [InlineData("de;q=0", "en")]
    [InlineData("de;q=much, en;q=0.9", "de")]
    [InlineData("*", "en")]
    [InlineData(";;,,", "en")]
    public async Task Language_IsTheOneThatTheBrowserLikesBest(string accepted, string expected)
    {
        await using var server = await StartAsync();
        using var client = server.Client();
        client.DefaultRequestHeaders.TryAddWithoutValidation("Accept-Language", accepted);

        using var response = await client.GetAsync("/try");

        Assert.Contains($"<html lang=\"{expected}\"", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Equal("Accept-Language", Header(response, "Vary"));
    }

    [Theory]
    [InlineData("/try")]
    [InlineData("/notes/alice/a")]
    [InlineData("/nothing")]
    [InlineData("FILE")]
    public async Task ServiceWorker_IsRefused_Everywhere(string path)
    {
        await using var server = await StartAsync();
        using var client = server.Client();
        client.DefaultRequestHeaders.Add("Service-Worker", "script");

        using var response = await client.GetAsync(path is "FILE" ? $"/pages/{Set.Hash}/main.js" : path);

        Assert.Equal(HttpStatusCode.Forbidden, response.StatusCode);
    }

    [Fact]
    public async Task OtherPaths_AreStillTheProtocols()
    {
        await using var server = await StartAsync(withKinto: true);
        using var client = server.Client();

        Assert.Equal("0", await (await client.GetAsync("/notes/nothing")).Content.ReadAsStringAsync());
        Assert.Equal(HttpStatusCode.TemporaryRedirect, (await client.GetAsync("/try/")).StatusCode);
        Assert.Equal(HttpStatusCode.TemporaryRedirect, (await client.GetAsync("/buckets")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync("/v1/")).StatusCode);
    }

    [Theory]
    [InlineData("GET", "text/html,application/xhtml+xml", 200)]
    [InlineData("POST", "text/html", 405)]
    [InlineData("GET", "*/*", 307)]
    [InlineData("GET", "application/json", 307)]
    [InlineData("GET", null, 307)]
    [InlineData("POST", null, 307)]
    public async Task Root_IsAPage_ForWhoTakesHtml(string method, string? accept, int status)
    {
        await using var server = await StartAsync(withKinto: true);
        using var client = server.Client();
        using var request = new HttpRequestMessage(new HttpMethod(method), "/");
        request.Headers.TryAddWithoutValidation("Accept", accept);

        using var response = await client.SendAsync(request);

        Assert.Equal(status, (int)response.StatusCode);
    }

    [Theory]
    [InlineData("POST", 405)]
    [InlineData("PUT", 405)]
    [InlineData("HEAD", 200)]
    public async Task Method_ThatAPageHasNot_IsRefused(string method, int status)
    {
        await using var server = await StartAsync();
        using var client = server.Client();

        using var response = await client.SendAsync(new HttpRequestMessage(new HttpMethod(method), "/try"));

        Assert.Equal(status, (int)response.StatusCode);
        Assert.Contains("default-src 'none'", Header(response, "Content-Security-Policy"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Page_BehindAPrefix_NamesItsFilesThere()
    {
        await using var server = await StartAsync(options => options with { PublicUrl = "https://sync.example.org/lock/", PathBase = "/lock" });
        using var client = server.Client();

        using var response = await client.GetAsync("/lock/try");

        Assert.Contains($"script-src https://sync.example.org/lock/pages/{Set.Hash}/;", Header(response, "Content-Security-Policy"), StringComparison.Ordinal);
        Assert.Contains($"src=\"/lock/pages/{Set.Hash}/main.js\"", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync($"/lock/pages/{Set.Hash}/main.js")).StatusCode);
    }

    [Fact]
    public void Texts_OfOneLanguageThatLacksAKey_AreRefused()
    {
        var files = new Dictionary<string, PageFile>(StringComparer.Ordinal);
        foreach (var (path, content) in new[] { ("shell/texts/en.json", "{}"), ("shell/texts/de.json", "{}"), ("texts/en.json", """{"a":"1","b":"2"}"""), ("texts/de.json", """{"a":"1"}""") })
        {
            files[path] = new PageFile(path, System.Text.Encoding.UTF8.GetBytes(content));
        }

        var error = Assert.Throws<InvalidOperationException>(() => new PageTexts(files));

        Assert.Contains("'b' in 'de'", error.Message, StringComparison.Ordinal);
    }

    private static string Header(HttpResponseMessage response, string name) =>
        string.Join(", ", response.Headers.TryGetValues(name, out var values) ? values : response.Content.Headers.TryGetValues(name, out values) ? values : []);
}
