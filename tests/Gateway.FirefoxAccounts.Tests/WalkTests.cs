using Lockstep.Core.KeyedAccounts;
using Lockstep.Core.Time;
using Lockstep.Gateway.FirefoxAccounts.Secrets;
using Lockstep.Gateway.FirefoxAccounts.Sessions;
using Lockstep.Gateway.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Lockstep.Gateway.FirefoxAccounts.Tests;

/// <summary>Every endpoint, with every kind of credential that is not its own: all are refused, whatever they would open elsewhere.</summary>
public sealed class WalkTests(WalkTests.Fixture fixture) : IClassFixture<WalkTests.Fixture>
{
    private static readonly string[] Kinds =
    [
        "none", "nonsense", "basic", "destroyed session", "unverified session", "key fetch", "used key fetch", "password change", "reset", "refresh", "destroyed refresh", "access", "app password",
        "session id of another kind", "another's signature", "expired session", "expired key fetch", "expired refresh", "refresh for the profile alone",
    ];

    public static TheoryData<string, string> Endpoints
    {
        get
        {
            var data = new TheoryData<string, string>();
            foreach (var resource in AccountResources.Table.Resources)
            {
                foreach (var method in resource.Methods.Where(static method => method.Handler.Access != AccountAccess.Anybody))
                {
                    data.Add(method.Name, resource.Template.Text);
                }
            }

            return data;
        }
    }

    [Fact]
    public void Walk_KnowsAllEndpointsThatAreOpen() => Assert.Equal(
        [
            "GET /fxa-client-configuration", "GET /openid-configuration", "GET /v1/account/export/{code}", "GET /v1/account/registration", "GET /v1/account/status", "GET /v1/avatar/default", "GET /v1/client/{client}", "GET /v1/jwks",
            "GET /v1/oauth/client/{client}", "GET /v1/profile", "POST /v1/account/create", "POST /v1/account/credentials/status", "POST /v1/account/login", "POST /v1/destroy", "POST /v1/introspect",
            "POST /v1/oauth/destroy", "POST /v1/password/forgot/send_otp", "POST /v1/password/forgot/use_link", "POST /v1/password/forgot/verify_otp", "POST /v1/recoveryKey/use", "POST /v1/verify",
        ],
        AccountResources.Table.Resources.SelectMany(static resource => resource.Methods.Where(static method => method.Handler.Access == AccountAccess.Anybody).Select(method => $"{method.Name} {resource.Template.Text}"))
            .Order(StringComparer.Ordinal));

    [Theory]
    [MemberData(nameof(Endpoints))]
    public async Task Endpoint_WithWhatIsNotItsOwn_Refuses(string method, string template)
    {
        var path = "/auth" + template;
        var access = AccountResources.Table.Resources.Single(resource => resource.Template.Text == template).Find(method)!.Handler.Access;
        foreach (var kind in Kinds)
        {
            if (Opens(access, kind))
            {
                continue;
            }

            var answer = await fixture.Client.SendAsync(method, path, method is "GET" ? null : "{}", fixture.Credential(kind, method, path));

            // What a session may not yet do is not said with 401: it is a good one.
            var (code, errno) = kind is "unverified session" && access.HasFlag(AccountAccess.Session) ? (400, 138) : kind is "another's signature" ? (401, 109) : (401, 110);
            Assert.True(
                answer.Status == code && answer.Errno == errno && (code == 401) == (answer.Json.GetProperty("code").GetInt32() == 401), $"{method} {path} with {kind}: {answer.Status} {answer.Text}");
        }
    }

    [Fact]
    public async Task Profile_WithWhatIsNoTokenForIt_Refuses()
    {
        foreach (var kind in Kinds)
        {
            (await fixture.Client.GetAsync("/profile/v1/profile", fixture.Credential(kind, "GET", "/profile/v1/profile"))).Refused(401, 110);
        }

        (await fixture.Client.GetAsync("/profile/v1/profile", "Bearer " + await fixture.Person.AccessTokenAsync(AccountClient.SyncScope))).Refused(401, 110);
    }

    /// <summary>What a session of somebody else reaches of an account that it names: as much as if it were not there.</summary>
    [Fact]
    public async Task Session_OfSomebodyElse_ReachesNothing()
    {
        var (owner, stranger) = (fixture.Person, fixture.Stranger);
        var target = (await owner.PostAsync("/account/device", new { name = "Mine", availableCommands = new Dictionary<string, string> { ["send"] = "key" } })).Ok().String("id");
        var client = (await owner.GetAsync("/account/attached_clients")).Ok().Json.EnumerateArray().First(static one => one.GetProperty("isCurrentSession").GetBoolean());
        var app = (await owner.GetAsync("/account/app_passwords")).Ok().Json[0].GetProperty("id").GetString();
        var (code, verifier) = await owner.AuthorizeAsync();
        foreach (var (path, body, status, errno) in new (string, object, int, int)[]
        {
            ("/account/device", new { id = target, name = "Theirs" }, 400, 123),
            ("/account/device/destroy", new { id = target }, 400, 123),
            ("/account/devices/invoke_command", new { target, command = "send", payload = new { } }, 400, 123),
            ("/account/attached_client/destroy", new { deviceId = target }, 400, 123),
            ("/account/attached_client/destroy", new { sessionTokenId = client.GetProperty("sessionTokenId").GetString() }, 400, 123),
            ("/account/app_passwords/destroy", new { id = app }, 400, 107),
            ("/oauth/token", new { grant_type = "authorization_code", client_id = AccountClient.Desktop, code = code.Ok().String("code"), code_verifier = verifier }, 401, 110),
            ("/session/reauth", new { email = owner.Email, authPW = owner.AuthPw }, 400, 103),
            ("/password/change/start", new { email = owner.Email, oldAuthPW = owner.AuthPw }, 400, 103),
            ("/account/destroy", new { email = owner.Email, authPW = owner.AuthPw }, 400, 103),
            ("/account/export", new { authPW = owner.AuthPw }, 400, 103),
            ("/totp/create", new { authPW = owner.AuthPw }, 400, 103),
        })
        {
            (await stranger.PostAsync(path, body)).Refused(status, errno);
        }

        Assert.DoesNotContain(target, (await stranger.GetAsync("/account/devices")).Ok().Text, StringComparison.Ordinal);
        Assert.Equal(target, (await owner.PostAsync("/account/device", new { name = "Mine" })).Ok().String("id"));
        (await owner.PostAsync("/oauth/token", new { grant_type = "authorization_code", client_id = AccountClient.Desktop, code = code.String("code"), code_verifier = verifier })).Ok();
    }

    private static bool Opens(AccountAccess access, string kind) => kind switch
    {
        "none" => access.HasFlag(AccountAccess.Optional),
        "unverified session" => access.HasFlag(AccountAccess.Session) && !access.HasFlag(AccountAccess.Verified),
        "key fetch" => access.HasFlag(AccountAccess.KeyFetch),
        "password change" => access.HasFlag(AccountAccess.PasswordChange),
        "reset" => access.HasFlag(AccountAccess.Reset),
        "refresh" => access.HasFlag(AccountAccess.Refresh),
        _ => false,
    };

    public sealed class Fixture : IAsyncLifetime
    {
        private readonly AccountsServer server = new();
        private readonly Dictionary<string, string?> credentials = new(StringComparer.Ordinal) { ["none"] = null, ["nonsense"] = "Bearer nonsense", ["basic"] = "Basic YTpi" };

        public AccountClient Client { get; private set; } = null!;

        public Person Person { get; private set; } = null!;

        public Person Stranger { get; private set; } = null!;

        public string? Credential(string kind, string method, string path) => kind is "another's signature"
            ? Client.Hawk(Person.Session, "sessionToken", method, path, method is "GET" ? null : "{}").Replace("mac=\"", "mac=\"A", StringComparison.Ordinal)
            : credentials[kind];

        public async Task InitializeAsync()
        {
            await server.InitializeAsync();
            Client = server.Anonymous();
            Person = await server.NewPersonAsync();
            var destroyed = await Person.NewSessionAsync();
            (await Person.PostAsync("/session/destroy", new { }, destroyed)).Ok();
            credentials["destroyed session"] = AccountClient.Bearer(destroyed, "sessionToken");
            credentials["session id of another kind"] = AccountClient.Bearer(Person.Session, "sessionToken").Replace("fxs_", "fxk_", StringComparison.Ordinal);
            credentials["key fetch"] = AccountClient.Bearer((await Person.LoginAsync(keys: true)).Ok().String("keyFetchToken"), "keyFetchToken");
            var used = (await Person.LoginAsync(keys: true)).Ok();
            await Person.KeyAsync(used);
            credentials["used key fetch"] = AccountClient.Bearer(used.String("keyFetchToken"), "keyFetchToken");
            credentials["password change"] = AccountClient.Bearer(
                (await Person.PostAsync("/password/change/start", new { email = Person.Email, oldAuthPW = Person.AuthPw })).Ok().String("passwordChangeToken"), "passwordChangeToken");
            var id = AccountClient.RandomHex(16);
            (await Person.PostAsync("/recoveryKey", new { recoveryKeyId = id, recoveryData = "x", authPW = Person.AuthPw })).Ok();
            credentials["reset"] = AccountClient.Bearer((await Client.PostAsync("/auth/v1/recoveryKey/use", new { email = Person.Email, recoveryKeyId = id })).Ok().String("accountResetToken"), "accountResetToken");
            credentials["refresh"] = "Bearer " + (await Person.TokensAsync()).String("refresh_token");
            var gone = (await Person.TokensAsync()).String("refresh_token");
            (await Client.PostAsync("/auth/v1/oauth/destroy", new { refresh_token = gone })).Ok();
            credentials["destroyed refresh"] = "Bearer " + gone;
            credentials["access"] = "Bearer " + await Person.AccessTokenAsync(AccountClient.SyncScope);
            var app = (await Person.PostAsync("/account/app_passwords", new { name = "x", authPW = Person.AuthPw })).Ok();
            credentials["app password"] = "Basic " + Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes($"{app.String("user")}:{app.String("password")}"));
            credentials["refresh for the profile alone"] = "Bearer " + (await Person.TokensAsync(scope: "profile")).String("refresh_token");
            await AddExpiredAsync();
            Stranger = await server.NewPersonAsync();
            var other = await server.NewPersonAsync();
            var secret = OtpNet.Base32Encoding.ToBytes((await other.PostAsync("/totp/create", new { authPW = other.AuthPw })).Ok().String("secret"));
            (await other.PostAsync("/totp/setup/complete", new { code = new OtpNet.Totp(secret).ComputeTotp(server.Time.GetUtcNow().UtcDateTime) })).Ok();
            credentials["unverified session"] = AccountClient.Bearer((await other.LoginAsync()).Ok().String("sessionToken"), "sessionToken");
        }

        /// <summary>Of this person, and as good as others, but that their time is over.</summary>
        private async Task AddExpiredAsync()
        {
            var store = server.Services.GetRequiredService<IKeyedAccountStore>();
            var account = (await store.FindByUidAsync(Person.Uid, CancellationToken.None))!;
            var (session, keyFetch, refresh) = (AccountClient.RandomHex(32), AccountClient.RandomHex(32), AccountClient.RandomHex(32));
            var now = ServerTimestamp.Now(server.Time);
            var tokens = new[] { (AccountTokenKind.Session, Id(session, "sessionToken")), (AccountTokenKind.KeyFetch, Id(keyFetch, "keyFetchToken")), (AccountTokenKind.Refresh, refresh) }
                .Select(one => new AccountToken(TokenSecret.DigestOf(one.Item2), one.Item1, account.Account.Number)
                {
                    Client = AccountClient.Desktop, Scope = AccountClient.SyncScope, Data = new SessionData(IsVerified: true, 0, "").Write(), Created = now.Plus(-60_000), Used = now.Plus(-60_000), Expires = now.Plus(-1),
                }).ToList();
            Assert.True(await store.AddTokensAsync(account, tokens, null, CancellationToken.None));
            credentials["expired session"] = AccountClient.Bearer(session, "sessionToken");
            credentials["expired key fetch"] = AccountClient.Bearer(keyFetch, "keyFetchToken");
            credentials["expired refresh"] = "Bearer " + refresh;

            static string Id(string token, string kind) => Convert.ToHexStringLower(AccountClient.Derive(Convert.FromHexString(token), kind, 96)[..32]);
        }

        public Task DisposeAsync() => server.DisposeAsync();
    }
}
