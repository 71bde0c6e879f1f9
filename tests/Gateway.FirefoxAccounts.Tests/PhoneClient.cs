using System.Text.Json;

namespace Lockstep.Gateway.FirefoxAccounts.Tests;

/// <summary>
/// The account client of Firefox for Android and iOS, request by request, as the Rust component does it (application-services 2de6bfb: <c>fxa-client/src/internal/http_client.rs</c>, <c>oauth.rs</c>,
/// <c>device.rs</c>, <c>state_machine/</c>). It reads nothing but the JSON's <c>code</c> of an error, and keeps a session token, a refresh token and a device.
/// </summary>
public sealed class PhoneClient(Person person, string clientId) : IDisposable
{
    private readonly AccountClient http = new(person.Client.Address, TimeProvider.System);
    private string? refresh;
    private string? session;

    public string? RefreshToken => refresh;

    public string? SessionToken => session;

    /// <summary>The one that the page signed in with.</summary>
    public string? PageSession { get; private set; }

    public string State { get; private set; } = "Disconnected";

    /// <summary>Up to version 153 a session signs with Hawk, from 154 on it shows its id.</summary>
    public bool SignsWithHawk { get; init; }

    /// <summary>The app after it was ended and started again: of before it has what it keeps in its storage.</summary>
    public PhoneClient StartedAgain() => new(person, clientId) { SignsWithHawk = SignsWithHawk, refresh = refresh, session = session, State = State };

    /// <summary>From the page's login message and its code to a device: any failure leaves the app disconnected.</summary>
    public async Task SignInAsync(string scope, bool pageGivesSession = true)
    {
        var former = refresh;
        var pages = await person.NewSessionAsync();
        var (answer, verifier) = await person.AuthorizeAsync(clientId, scope, session: pages);
        PageSession = pages;
        session = pageGivesSession ? pages : null;
        var tokens = await http.SendAsync(
            "POST", "/auth/v1/oauth/token",
            JsonSerializer.Serialize(new { grant_type = "authorization_code", client_id = clientId, code = answer.Ok().String("code"), code_verifier = verifier }), Session("POST", "/auth/v1/oauth/token", null));
        tokens.Ok();
        _ = (tokens.String("access_token"), tokens.String("scope"), tokens.Json.GetProperty("expires_in").GetInt32(), tokens.String("keys_jwe"));
        refresh = tokens.String("refresh_token");
        session = tokens.Has("session_token") ? tokens.String("session_token") : session;
        (await http.PostAsync("/auth/v1/destroy", new { token = tokens.String("access_token") })).Ok();
        if (former is not null)
        {
            (await http.PostAsync("/auth/v1/destroy", new { refresh_token = former })).Ok();
        }

        await DeviceAsync(new { name = "Phone", type = "mobile", availableCommands = new Dictionary<string, string> { ["send"] = "key" } });
        State = "Connected";
    }

    public async Task<AccountAnswer> DeviceAsync(object body)
    {
        var answer = (await http.PostAsync("/auth/v1/account/device", body, Refresh)).Ok();
        _ = (answer.String("id"), answer.String("name"), answer.String("type"), answer.Json.GetProperty("availableCommands").EnumerateObject().Count(), answer.Json.GetProperty("pushEndpointExpired").GetBoolean());
        return answer;
    }

    public Task<AccountAnswer> GetAsync(string path) => http.GetAsync("/auth/v1" + path, Refresh);

    public Task<AccountAnswer> PostAsync(string path, object body) => http.PostAsync("/auth/v1" + path, body, Refresh);

    public async Task<AccountAnswer> ClientsAsync() => await http.GetAsync("/auth/v1/account/attached_clients", Session("GET", "/auth/v1/account/attached_clients", null));

    /// <summary>An access token, and what becomes of the app when there is none.</summary>
    public async Task<string?> AccessTokenAsync(string scope)
    {
        var answer = await http.PostAsync("/auth/v1/oauth/token", new { grant_type = "refresh_token", client_id = clientId, refresh_token = refresh, scope });
        if (answer.Status == 200)
        {
            return answer.String("access_token");
        }

        if (answer.Json.GetProperty("code").GetInt32() == 401)
        {
            var active = (await http.PostAsync("/auth/v1/introspect", new { token_type_hint = "refresh_token", token = refresh })).Ok().Json.GetProperty("active").GetBoolean();
            State = active ? State : "AuthIssues";
        }

        return null;
    }

    public async Task<AccountAnswer> ProfileAsync() => await http.GetAsync("/profile/v1/profile", "Bearer " + await AccessTokenAsync("profile"));

    /// <summary>Another token, as for an app's new feature; the device moves along.</summary>
    public async Task ExchangeAsync(string scope)
    {
        var answer = (await http.PostAsync("/auth/v1/oauth/token", new
        {
            grant_type = "urn:ietf:params:oauth:grant-type:token-exchange", subject_token = refresh, subject_token_type = "urn:ietf:params:oauth:token-type:refresh_token", scope,
        })).Ok();
        refresh = answer.String("refresh_token");
    }

    /// <summary>The password was changed in the app's own page, which gives it a new session.</summary>
    public async Task PasswordChangedAsync(string newSession, string scope)
    {
        session = newSession;
        var body = JsonSerializer.Serialize(new { grant_type = "fxa-credentials", client_id = clientId, scope, access_type = "offline" });
        refresh = (await http.SendAsync("POST", "/auth/v1/oauth/token", body, Session("POST", "/auth/v1/oauth/token", body))).Ok().String("refresh_token");
        await DeviceAsync(new { name = "Phone", type = "mobile" });
    }

    public async Task SignOutAsync()
    {
        var id = (await GetAsync("/account/devices")).Ok().Json.EnumerateArray().Single(static device => device.GetProperty("isCurrentDevice").GetBoolean()).GetProperty("id").GetString();
        (await PostAsync("/account/device/destroy", new { id })).Ok();
        State = "Disconnected";
    }

    public void Dispose() => http.Dispose();

    private string? Refresh => "Bearer " + refresh;

    private string? Session(string method, string path, string? body) => session is null ? null
        : SignsWithHawk ? http.Hawk(session, "sessionToken", method, path, body)
        : AccountClient.Bearer(session, "sessionToken");
}
