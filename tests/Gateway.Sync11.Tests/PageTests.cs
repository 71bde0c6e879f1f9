using System.Net;
using System.Text;
using System.Text.RegularExpressions;
using Lockstep.Gateway.FirefoxAccounts;
using Lockstep.Gateway.FirefoxAccounts.Tests;

namespace Lockstep.Gateway.Sync11.Tests;

/// <summary>The pages for a forgotten password and for the end of an account, and what they send.</summary>
[Collection(SharedServer.Name)]
public sealed partial class PageTests(WeaveServer server)
{
    private const string Reset = "/weave-password-reset";
    private const string Delete = "/weave-delete-account";
    private const string New = "another good pässword & more";

    [Theory]
    [InlineData(Reset)]
    [InlineData(Reset + "?username=a&key=b")]
    [InlineData(Delete)]
    public async Task Page_HasTheShellAndItsHeaders_AndRunsWhatItWasServedWithAlone(string path)
    {
        using var http = new HttpClient { BaseAddress = server.Address };
        http.DefaultRequestHeaders.AcceptLanguage.ParseAdd("de");

        using var page = await http.GetAsync(path);
        var document = await page.Content.ReadAsStringAsync();

        Assert.Equal((HttpStatusCode.OK, "text/html; charset=utf-8"), (page.StatusCode, page.Content.Headers.ContentType!.ToString()));
        var policy = page.Headers.GetValues("Content-Security-Policy").Single();
        var files = Regex.Match(policy, "script-src (?<files>[^;]+);", RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(1)).Groups["files"].Value;
        Assert.StartsWith(server.Address.AbsoluteUri + "pages/", files, StringComparison.Ordinal);
        Assert.Contains("connect-src 'self'", policy, StringComparison.Ordinal);
        Assert.Contains("frame-ancestors 'none'", policy, StringComparison.Ordinal);
        Assert.Equal(("no-store", "no-referrer"), (page.Headers.CacheControl!.ToString(), page.Headers.GetValues("Referrer-Policy").Single()));
        Assert.Contains("lang=\"de\"", document, StringComparison.Ordinal);
        foreach (var file in new[] { "main.js", "views/reset.js", "texts/de.json", "shell/style.css" })
        {
            using var loaded = await http.GetAsync(files + file);
            Assert.Equal(HttpStatusCode.OK, loaded.StatusCode);
        }
    }

    [Fact]
    public async Task Pages_AreServedWithSync11Alone_AndTheirFormsTooAndNothingElse()
    {
        var without = await WeaveServer.StartAsync(options => options with { Enabled = false });
        using var nobody = without.Anonymous();
        using var here = server.Anonymous();

        Assert.NotEqual(200, (await nobody.SendAsync("GET", Reset)).Status);
        Assert.NotEqual(200, (await nobody.SendAsync("POST", Delete, [])).Status);
        Assert.Equal(405, (await here.SendAsync("PUT", Reset, [])).Status);
        Assert.NotEqual(200, (await here.SendAsync("GET", "/weave-anything")).Status);
        Assert.NotEqual(200, (await here.SendAsync("GET", "/media/style.css")).Status);
        await without.DisposeAsync();
    }

    [Fact]
    public async Task Reset_ByTheLinkOfTheMail_SetsAPassword_Once()
    {
        await using var receiver = new SmtpReceiver();
        var own = await StartWithMailAsync(receiver, "https://sync.example.org:8443/sync/index.php/");
        using var device = await own.NewUserAsync();
        (await device.PutAsync("/storage/bookmarks/a", WeaveClient.Wbo("a", "x"))).AssertWritten();

        AssertSaid(200, "mailed", "within the next 6 hours", await SendAsync(device, Reset, ("username", device.Name)));
        var (to, text) = await receiver.NextAsync();

        Assert.Equal(device.Email, to);
        Assert.Contains("Subject: Resetting your Sync password", text, StringComparison.Ordinal);
        var link = Link().Match(Unfold(text));
        Assert.Equal("https://sync.example.org:8443/sync/index.php/weave-password-reset", link.Groups["page"].Value);
        Assert.Equal(device.Name, link.Groups["name"].Value);
        var key = link.Groups["key"].Value;
        AssertSaid(200, "changed", "Password successfully changed.", await SendAsync(device, Reset, ("username", device.Name), ("password", New), ("confirm", New), ("key", key.ToLowerInvariant())));
        AssertSaid(400, "wrong-code", "Key does not match with username", await SendAsync(device, Reset, ("username", device.Name), ("password", New), ("confirm", New), ("key", key)));

        (await device.GetAsync("/info/collections")).AssertStatus(401);
        device.Password = New;
        Assert.Equal("x", (await device.GetAsync("/storage/bookmarks/a")).AssertOk().Json.GetProperty("payload").GetString());
        await own.DisposeAsync();
    }

    [Fact]
    public async Task Reset_ByTheAddress_IsTheSame_AndWithoutAPublicUrlTheMailHasNoLink()
    {
        await using var receiver = new SmtpReceiver();
        var own = await StartWithMailAsync(receiver, publicUrl: null);
        using var device = await own.NewUserAsync();

        AssertSaid(200, "mailed", "mailed", await SendAsync(device, Reset, [("Host", "evil.example.net")], ("username", $" {device.Email.ToUpperInvariant()} ")));
        var (_, text) = await receiver.NextAsync();

        Assert.DoesNotContain("http", text, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("evil", text, StringComparison.Ordinal);
        AssertSaid(200, "changed", "", await SendAsync(device, Reset, ("username", device.Email), ("password", New), ("confirm", New), ("key", Code().Match(text).Value)));
        device.Password = New;
        (await device.GetAsync("/info/collections")).AssertOk();
        await own.DisposeAsync();
    }

    [Fact]
    public async Task Reset_WithWhatCannotBe_SaysWhat_AndChangesNothing()
    {
        await using var receiver = new SmtpReceiver();
        var own = await StartWithMailAsync(receiver, publicUrl: null);
        using var device = await own.NewUserAsync();
        (string, string) name = ("username", device.Name);

        AssertSaid(400, "no-username", "Username not provided", await SendAsync(device, Reset));
        AssertSaid(400, "no-username", "Username not provided", await SendAsync(device, Reset, ("username", " "), ("password", New), ("confirm", New), ("key", "x")));
        AssertSaid(400, "unknown-user", "unable to locate your account", await SendAsync(device, Reset, ("username", "nobody")));
        AssertSaid(400, "unknown-user", "unable to locate your account", await SendAsync(device, Reset, ("username", "nobody@example.org"), ("password", New), ("confirm", New), ("key", "x")));
        AssertSaid(400, "no-password", "Password not provided", await SendAsync(device, Reset, name, ("key", "x")));
        AssertSaid(400, "passwords-differ", "do not match", await SendAsync(device, Reset, name, ("password", New), ("confirm", "another"), ("key", "x")));
        AssertSaid(400, "weak-password", "at least 8", await SendAsync(device, Reset, name, ("password", "short"), ("confirm", "short"), ("key", "x")));
        AssertSaid(400, "weak-password", "at least 8", await SendAsync(device, Reset, name, ("password", device.Name), ("confirm", device.Name), ("key", "x")));
        AssertSaid(400, "wrong-code", "Key does not match with username", await SendAsync(device, Reset, name, ("password", New), ("confirm", New), ("key", "AAAA-BBBB-CCCC-DDDD")));
        AssertSaid(400, "missing", "Missing data", await device.SendAsync("POST", Reset, "username=%zz"u8.ToArray(), ("Authorization", "")));

        (await device.GetAsync("/info/collections")).AssertOk();
        await own.DisposeAsync();
    }

    [Fact]
    public async Task Reset_WithoutAMailServer_SaysSo_AndGuessesAtCodesAreCounted()
    {
        var own = await WeaveServer.StartAsync(options => options with { Accounts = options.Accounts with { MaxFailures = 3 } });
        using var device = await own.NewUserAsync();

        AssertSaid(503, "no-mail", "sends no mails", await SendAsync(device, Reset, ("username", device.Name)));
        for (var i = 0; i < 3; i++)
        {
            AssertSaid(400, "wrong-code", "Key", await SendAsync(device, Reset, ("username", device.Name), ("password", New), ("confirm", New), ("key", $"AAAA-BBBB-CCCC-DDD{i}")));
        }

        var late = await SendAsync(device, Reset, ("username", device.Name), ("password", New), ("confirm", New), ("key", "x"));
        Assert.True(late.AssertStatus(503).Headers.ContainsKey("Retry-After"));
        await own.DisposeAsync();
    }

    [Fact]
    public async Task Delete_WithThePassword_LeavesNothing()
    {
        using var device = await server.NewUserAsync();
        (await device.PutAsync("/storage/bookmarks/a", WeaveClient.Wbo("a", "x"))).AssertWritten();

        AssertSaid(400, "missing", "Missing data", await SendAsync(device, Delete, ("username", device.Name)));
        AssertSaid(400, "missing", "Missing data", await SendAsync(device, Delete, ("password", device.Password!)));
        AssertSaid(400, "wrong-credentials", "Bad credentials", await SendAsync(device, Delete, ("username", device.Name), ("password", "a wrong password")));
        AssertSaid(400, "wrong-credentials", "Bad credentials", await SendAsync(device, Delete, ("username", "a:b"), ("password", "a wrong password")));
        (await device.GetAsync("/storage/bookmarks/a")).AssertOk();
        AssertSaid(200, "deleted", "Account removed.", await SendAsync(device, Delete, ("username", device.Email), ("password", device.Password!)));

        (await device.GetAsync("/info/collections")).AssertStatus(401);
        (await device.UserAsync("GET", "")).AssertText("0");
        (await device.SignUpAsync()).AssertText(device.Name);
        Assert.Equal("{}", (await device.GetAsync("/info/collections")).AssertOk().Text);
    }

    [Fact]
    public async Task Delete_AfterTooManyWrongPasswords_IsNotLookedAt()
    {
        var own = await WeaveServer.StartAsync(options => options with { Accounts = options.Accounts with { MaxFailures = 3 } });
        using var device = await own.NewUserAsync();
        for (var i = 0; i < 3; i++)
        {
            AssertSaid(400, "wrong-credentials", "Bad", await SendAsync(device, Delete, ("username", device.Name), ("password", $"guess number {i}")));
        }

        Assert.True((await SendAsync(device, Delete, ("username", device.Name), ("password", device.Password!))).AssertStatus(503).Headers.ContainsKey("Retry-After"));
        (await device.UserAsync("GET", "", body: null, ("Authorization", ""))).AssertText("1");
        await own.DisposeAsync();
    }

    private static Task<WeaveServer> StartWithMailAsync(SmtpReceiver receiver, string? publicUrl) => WeaveServer.StartAsync(options => options with
    {
        Http = options.Http with { PublicUrl = publicUrl },
        FirefoxAccounts = options.FirefoxAccounts with { Smtp = new SmtpOptions { Host = "127.0.0.1", Port = receiver.Port, Security = "none", From = "sync@example.org" } },
    });

    private static Task<WeaveAnswer> SendAsync(WeaveClient client, string path, params (string Name, string Value)[] fields) => SendAsync(client, path, [], fields);

    private static Task<WeaveAnswer> SendAsync(WeaveClient client, string path, (string Name, string Value)[] headers, params (string Name, string Value)[] fields) => client.SendAsync(
        "POST", path, Encoding.ASCII.GetBytes(string.Join('&', fields.Select(field => $"{field.Name}={WebUtility.UrlEncode(field.Value)}"))), [("Authorization", ""), .. headers]);

    private static void AssertSaid(int status, string result, string message, WeaveAnswer answer)
    {
        answer.AssertStatus(status);
        Assert.Equal(("application/json", "no-store", result), (answer.Type, answer.Headers["Cache-Control"], answer.Json.GetProperty("result").GetString()));
        Assert.Contains(message, answer.Json.GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    /// <summary>Long lines of a mail are folded on their way, and signs of equality written otherwise (RFC 2045, 6.7).</summary>
    private static string Unfold(string mail) => mail.Contains("quoted-printable", StringComparison.OrdinalIgnoreCase)
        ? mail.ReplaceLineEndings("\n").Replace("=\n", "", StringComparison.Ordinal).Replace("=3D", "=", StringComparison.OrdinalIgnoreCase)
        : mail;

    [GeneratedRegex("(?<page>https://[^\\s#]+)#username=(?<name>[a-z0-9]+)&key=(?<key>[A-Z0-9-]{19})", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Link();

    [GeneratedRegex("[A-Z0-9]{4}(-[A-Z0-9]{4}){3}", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Code();
}
