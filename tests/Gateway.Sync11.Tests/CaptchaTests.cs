using System.Globalization;
using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;
using Lockstep.Gateway.Sync11.Captcha;
using Lockstep.Storage.Contract;
using Microsoft.Extensions.DependencyInjection;

namespace Lockstep.Gateway.Sync11.Tests;

/// <summary>The question that is put to whoever makes an account, where that is turned on.</summary>
public sealed partial class CaptchaTests(CaptchaTests.Fixture fixture) : IClassFixture<CaptchaTests.Fixture>
{
    private const string Page = "/misc/1.0/captcha_html";
    private const string Secret = "a secret that is long enough for it";

    private static readonly string[] Numbers =
    [
        "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen",
        "eighteen", "nineteen", "twenty",
    ];

    private readonly WeaveServer server = fixture.Server;

    /// <summary>A server that asks, with nothing else set otherwise.</summary>
    public sealed class Fixture : IAsyncLifetime
    {
        public WeaveServer Server { get; } = new(static options => options with { Sync11 = options.Sync11 with { Captcha = new CaptchaOptions { Enabled = true } } });

        public Task InitializeAsync() => Server.InitializeAsync();

        public Task DisposeAsync() => Server.DisposeAsync();
    }

    [Fact]
    public async Task Page_HasTheTwoElementsThatClientsRead_InTheReadersLanguage()
    {
        using var nobody = server.Anonymous();

        var page = (await nobody.SendAsync("GET", Page)).AssertOk();
        var german = (await nobody.SendAsync("POST", "/misc/1/captcha_html/", body: [], ("Accept-Language", "de-AT,en;q=0.5"))).AssertOk();

        Assert.Equal(("text/html; charset=utf-8", "no-store"), (page.Type, page.Headers["Cache-Control"]));
        Assert.Equal("default-src 'none'; form-action 'none'; base-uri 'none'", page.Headers["Content-Security-Policy"]);
        Assert.Single(Regex.Matches(page.Text, "id=\"recaptcha_challenge_field\"", RegexOptions.None, TimeSpan.FromSeconds(1)));
        Assert.Single(Regex.Matches(page.Text, "id=\"recaptcha_response_field\"", RegexOptions.None, TimeSpan.FromSeconds(1)));
        Assert.Contains("How much is", page.Text, StringComparison.Ordinal);
        Assert.Contains("lang=\"de\"", german.Text, StringComparison.Ordinal);
        Assert.Contains("Wie viel ist", german.Text, StringComparison.Ordinal);
        (await nobody.SendAsync("DELETE", Page)).AssertStatus(405);
    }

    [Fact]
    public async Task Create_WithTheRightAnswer_MakesAUser_WithAnyOtherIs2()
    {
        using var user = server.Somebody();
        var (challenge, sum) = await AskAsync(server);

        (await SignUpAsync(user, "", "")).AssertError(2);
        (await user.UserAsync("PUT", "", $$"""{"password":"a good password","email":"{{user.Email}}"}""", ("Authorization", ""))).AssertError(2);
        (await SignUpAsync(user, challenge, $"{sum + 1}")).AssertError(2);
        (await user.UserAsync("GET", "")).AssertText("0");
        (challenge, sum) = await AskAsync(server);
        (await SignUpAsync(user, challenge, $" {sum} ")).AssertText(user.Name);

        (await user.GetAsync("/info/collections")).AssertOk();
    }

    [Fact]
    public async Task Question_IsAnsweredOnce_RightOrWrong()
    {
        using var first = server.Somebody();
        using var second = server.Somebody();
        var (used, usedSum) = await AskAsync(server);
        var (missed, missedSum) = await AskAsync(server);

        (await SignUpAsync(first, used, $"{usedSum}")).AssertText(first.Name);
        (await SignUpAsync(second, used, $"{usedSum}")).AssertError(2);
        (await SignUpAsync(second, missed, "0")).AssertError(2);
        (await SignUpAsync(second, missed, $"{missedSum}")).AssertError(2);
    }

    [Fact]
    public async Task Captcha_IsLookedAtLast_SoThatNoneIsSpentOnWhatCannotBe()
    {
        using var user = server.Somebody();
        var (challenge, sum) = await AskAsync(server);
        user.Password = "short";
        (await SignUpAsync(user, challenge, $"{sum}")).AssertError(9);
        user.Password = "a good password";

        (await SignUpAsync(user, challenge, $"{sum}")).AssertText(user.Name);
        (await SignUpAsync(user, "", "")).AssertError(4);
    }

    [Fact]
    public async Task Captcha_IsNotTaken_OfWhoHasMadeTheAccountsOfADay_OrWasWrongTooOften()
    {
        var once = await StartAsync(options => options with { MaxRegistrationsPerDay = 1 });
        using var user = once.Somebody();
        using var other = once.Somebody();
        var (challenge, sum) = await AskAsync(once);
        (await SignUpAsync(user, challenge, $"{sum}")).AssertText(user.Name);
        (challenge, sum) = await AskAsync(once);
        Assert.True((await SignUpAsync(other, challenge, $"{sum}")).AssertStatus(503).Headers.ContainsKey("Retry-After"));
        (await SignUpAsync(other, challenge, "0")).AssertStatus(503);
        await once.DisposeAsync();

        var wrong = await WeaveServer.StartAsync(options => options with
        {
            Sync11 = options.Sync11 with { Captcha = new CaptchaOptions { Enabled = true } },
            Accounts = options.Accounts with { MaxFailures = 2 },
        });
        using var third = wrong.Somebody();
        (await SignUpAsync(third, "", "")).AssertError(2);
        (await SignUpAsync(third, "", "")).AssertError(2);
        (challenge, sum) = await AskAsync(wrong);
        (await SignUpAsync(third, challenge, $"{sum}")).AssertStatus(503);
        await wrong.DisposeAsync();
    }

    [Fact]
    public async Task Challenge_ThatIsNone_OrIsTooOld_Is2()
    {
        var time = new FakeTime(TimeProvider.System.GetUtcNow()) { TimersAreReal = true };
        var own = await StartAsync(time: time);
        using var user = own.Somebody();
        var (challenge, sum) = await AskAsync(own);
        var forged = (challenge[0] == 'A' ? 'B' : 'A') + challenge[1..];
        foreach (var wrong in new[] { forged, challenge[..^1], challenge + "A", new string('\u00fc', challenge.Length), new string('=', challenge.Length) })
        {
            (await SignUpAsync(user, wrong, $"{sum}")).AssertError(2);
        }

        time.Advance(TimeSpan.FromMinutes(30));

        (await SignUpAsync(user, challenge, $"{sum}")).AssertError(2);
        await own.DisposeAsync();
    }

    [Fact]
    public async Task Secret_OfTheServer_NeedsNone_AWrongOneDoes()
    {
        var own = await StartAsync(options => options with { SharedSecret = Secret });
        using var user = own.Somebody();

        (await user.SignUpAsync(("X-Weave-Secret", "another secret that is long enough"))).AssertError(2);
        (await user.SignUpAsync(("X-Weave-Secret", Secret))).AssertText(user.Name);

        await own.DisposeAsync();
    }

    [Fact]
    public void Captcha_OfTheServersOwn_TakesThePlaceOfThisOne()
    {
        var own = new Riddle();

        var services = new ServiceCollection().AddSingleton<ICaptcha>(own).AddSync11(new Sync11Options());

        Assert.Same(own, Assert.Single(services, static service => service.ServiceType == typeof(ICaptcha)).ImplementationInstance);
    }

    private static Task<WeaveServer> StartAsync(Func<Sync11Options, Sync11Options>? configure = null, TimeProvider? time = null) =>
        WeaveServer.StartAsync((Sync11Options options) => (configure ?? (same => same))(options with { Captcha = new CaptchaOptions { Enabled = true } }), time);

    /// <summary>What a person reads, and what the client takes along.</summary>
    private static async Task<(string Challenge, int Sum)> AskAsync(WeaveServer server)
    {
        using var nobody = server.Anonymous();
        var page = WebUtility.HtmlDecode((await nobody.SendAsync("GET", Page)).AssertOk().Text);
        var sum = Question().Match(page);
        return (Challenge().Match(page).Groups["value"].Value, Array.IndexOf(Numbers, sum.Groups["a"].Value) + Array.IndexOf(Numbers, sum.Groups["b"].Value));
    }

    private static Task<WeaveAnswer> SignUpAsync(WeaveClient user, string challenge, string response) => user.UserAsync(
        "PUT",
        "",
        JsonSerializer.Serialize(new Dictionary<string, string?>
        {
            ["password"] = user.Password, ["email"] = user.Email, ["captcha-challenge"] = challenge, ["captcha-response"] = response.ToString(CultureInfo.InvariantCulture),
        }),
        ("Authorization", ""));

    [GeneratedRegex("How much is (?<a>[a-z]+) plus (?<b>[a-z]+)", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Question();

    [GeneratedRegex("id=\"recaptcha_challenge_field\"[^>]*value=\"(?<value>[^\"]*)\"", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Challenge();

    private sealed class Riddle : ICaptcha
    {
        public CaptchaQuestion Ask(string acceptLanguage) => new("en", "A riddle", "What walks on four legs in the morning?", "sphinx");

        public ValueTask<bool> TakeAsync(string challenge, string response) => ValueTask.FromResult(challenge == "sphinx" && response == "man");
    }
}
