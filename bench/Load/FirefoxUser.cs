using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;

namespace Lockstep.Bench;

/// <summary>Somebody with an account for Firefox and what their devices have, all of it made before the clock runs.</summary>
internal sealed class FirefoxUser
{
    private const string Client = "a2270f727f45f648";
    private const string SyncScope = "https://identity.mozilla.com/apps/oldsync";

    private readonly ServerProcess server;
    private readonly string email;
    private readonly string authPw = Hex(32);
    private string refresh = "";
    private string sync = "";
    private string profile = "";
    private string keyId = "";

    private FirefoxUser(ServerProcess server, int number) => (this.server, email) = (server, string.Create(CultureInfo.InvariantCulture, $"user{number}@example.org"));

    public static async Task<FirefoxUser> MakeAsync(ServerProcess server, int number, HttpConnection connection, CancellationToken cancellationToken)
    {
        var user = new FirefoxUser(server, number);
        var salt = "identity.mozilla.com/picl/v1/quickStretchV2:" + Hex(16);
        var made = await AskAsync(user.Post("/account/create", new() { ["email"] = user.email, ["authPW"] = user.authPw, ["clientSalt"] = salt }));
        var id = HKDF.DeriveKey(HashAlgorithmName.SHA256, Convert.FromHexString(made.GetProperty("sessionToken").GetString()!), 32, salt: [], "identity.mozilla.com/picl/v1/sessionToken"u8.ToArray());
        var session = $"Authorization: Bearer fxs_{Convert.ToHexStringLower(id)}\r\n";
        var data = await AskAsync(user.Post("/account/scoped-key-data", new() { ["client_id"] = Client, ["scope"] = SyncScope }, session));
        user.keyId = string.Create(CultureInfo.InvariantCulture, $"{data.GetProperty(SyncScope).GetProperty("keyRotationTimestamp").GetInt64()}-{new string('A', 22)}");
        var tokens = await AskAsync(user.Post(
            "/oauth/token", new() { ["grant_type"] = "fxa-credentials", ["client_id"] = Client, ["scope"] = $"profile {SyncScope}", ["access_type"] = "offline" }, session));
        user.refresh = tokens.GetProperty("refresh_token").GetString()!;
        user.sync = (await AskAsync(user.Refresh())).GetProperty("access_token").GetString()!;
        user.profile = (await AskAsync(user.Post(
            "/oauth/token", new() { ["grant_type"] = "fxa-credentials", ["client_id"] = Client, ["scope"] = "profile" }, session))).GetProperty("access_token").GetString()!;
        return user;

        async Task<JsonElement> AskAsync(RequestTemplate request) =>
            JsonSerializer.Deserialize<JsonElement>((await Accounts.ExpectAsync(connection, request, 200, cancellationToken)).Body.Span);
    }

    public RequestTemplate SignIn() => Post("/account/login?keys=true", new() { ["email"] = email, ["authPW"] = authPw });

    public RequestTemplate Refresh() => Post("/oauth/token", new() { ["grant_type"] = "refresh_token", ["client_id"] = Client, ["refresh_token"] = refresh, ["scope"] = SyncScope });

    public RequestTemplate SyncToken() => RequestTemplate.Create(server, account: null, "GET /1.0/sync/1.5", headers: $"Authorization: Bearer {sync}\r\nX-KeyID: {keyId}\r\n");

    public RequestTemplate Profile() => RequestTemplate.Create(server, account: null, "GET /profile/v1/profile", headers: $"Authorization: Bearer {profile}\r\n");

    private RequestTemplate Post(string path, Dictionary<string, string> body, string headers = "") =>
        RequestTemplate.Create(server, account: null, "POST /auth/v1" + path, JsonSerializer.Serialize(body), headers);

    private static string Hex(int bytes) => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(bytes));
}
