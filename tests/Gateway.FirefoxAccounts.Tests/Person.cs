using System.Text.Json;

namespace Lockstep.Gateway.FirefoxAccounts.Tests;

/// <summary>Somebody with an account. What a page would make of their password is random here: the server never sees anything else of it.</summary>
public sealed class Person(AccountsServer server, string email, AccountClient? client = null)
{
    public AccountClient Client { get; } = client ?? server.Anonymous();

    public string Email => email;

    public string AuthPw { get; private set; } = AccountClient.RandomHex(32);

    public byte[] UnwrapKey { get; private set; } = Convert.FromHexString(AccountClient.RandomHex(32));

    public string Uid { get; private set; } = "";

    /// <summary>The session in use.</summary>
    public string Session { get; set; } = "";

    /// <summary>The same, by another client.</summary>
    public Person By(AccountClient other) => new(server, email, other) { AuthPw = AuthPw, UnwrapKey = UnwrapKey, Uid = Uid, Session = Session };

    public async Task<AccountAnswer> SignUpAsync(string? invitation = null)
    {
        var answer = (await Client.PostAsync("/auth/v1/account/create?keys=true", new { email, authPW = AuthPw, clientSalt = AccountClient.NewSalt(), invitation })).Ok();
        (Uid, Session) = (answer.String("uid"), answer.String("sessionToken"));
        return answer;
    }

    public Task<AccountAnswer> LoginAsync(bool keys = false, string? authPw = null) =>
        Client.PostAsync("/auth/v1/account/login" + (keys ? "?keys=true" : ""), new { email, authPW = authPw ?? AuthPw });

    /// <summary>Signs in on another device.</summary>
    public async Task<string> NewSessionAsync() => (await LoginAsync()).Ok().String("sessionToken");

    public void SetPassword(string authPw, byte[] unwrapKey) => (AuthPw, UnwrapKey) = (authPw, unwrapKey);

    /// <summary>kB, as a page works it out after it has signed in.</summary>
    public async Task<byte[]> KeyAsync() => await KeyAsync((await LoginAsync(keys: true)).Ok());

    public async Task<byte[]> KeyAsync(AccountAnswer signedIn)
    {
        var token = signedIn.String("keyFetchToken");
        var bundle = (await Client.GetAsync("/auth/v1/account/keys", Client.Hawk(token, "keyFetchToken", "GET", "/auth/v1/account/keys"))).Ok().String("bundle");
        return AccountClient.Xor(AccountClient.Unbundle(token, bundle), UnwrapKey);
    }

    public Task<AccountAnswer> GetAsync(string path, string? session = null) => Client.GetAsync("/auth/v1" + path, Client.Hawk(session ?? Session, "sessionToken", "GET", "/auth/v1" + path));

    public Task<AccountAnswer> PostAsync(string path, object body, string? session = null)
    {
        var text = JsonSerializer.Serialize(body);
        return Client.SendAsync("POST", "/auth/v1" + path, text, Client.Hawk(session ?? Session, "sessionToken", "POST", "/auth/v1" + path, text));
    }

    /// <summary>A code for a client, as the page asks for it.</summary>
    public async Task<(AccountAnswer Answer, string Verifier)> AuthorizeAsync(
        string client = AccountClient.Desktop, string scope = AccountClient.SyncScope + " profile", string? accessType = "offline", string? jwe = "a.b.c.d.e", string? redirect = null, string? session = null)
    {
        var (verifier, challenge) = AccountClient.Pkce();
        var body = new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["client_id"] = client, ["state"] = "a state", ["scope"] = scope, ["response_type"] = "code", ["access_type"] = accessType,
            ["code_challenge"] = challenge, ["code_challenge_method"] = "S256", ["keys_jwe"] = jwe, ["redirect_uri"] = redirect,
        };
        return (await PostAsync("/oauth/authorization", body, session), verifier);
    }

    /// <summary>Tokens of a client, by a code that nobody else has.</summary>
    public async Task<AccountAnswer> TokensAsync(string client = AccountClient.Desktop, string scope = AccountClient.SyncScope + " profile", string? redirect = null)
    {
        var (answer, verifier) = await AuthorizeAsync(client, scope, redirect: redirect);
        return (await Client.PostAsync("/auth/v1/oauth/token", new { grant_type = "authorization_code", client_id = client, code = answer.Ok().String("code"), code_verifier = verifier })).Ok();
    }

    /// <summary>An access token as Firefox asks for it, by its session.</summary>
    public async Task<string> AccessTokenAsync(string scope, string? session = null) => (await PostAsync(
        "/oauth/token", new { grant_type = "fxa-credentials", client_id = AccountClient.Desktop, scope }, session)).Ok().String("access_token");

    /// <summary>What TokenServer says to an access token.</summary>
    public Task<AccountAnswer> SyncTokenAsync(string access, string keyId) => Client.SendAsync("GET", "/token/1.0/sync/1.5", null, "Bearer " + access, headers: ("X-KeyID", keyId));

    /// <summary>Their storage of Sync, as a device has it that has just signed in.</summary>
    public async Task<StorageClient> StorageAsync(byte[] key) =>
        new(this, (await SyncTokenAsync(await AccessTokenAsync(AccountClient.SyncScope), await KeyIdAsync(key))).Ok(), server.Time);

    /// <summary>What Syncto says of the same storage to an access token.</summary>
    public Task<AccountAnswer> SynctoAsync(string access, string keyId) =>
        Client.SendAsync("GET", "/syncto/v1/buckets/syncto/collections/bookmarks/records", null, "Bearer " + access, headers: ("X-KeyID", keyId));

    /// <summary>As Firefox names the key of Sync.</summary>
    public async Task<string> KeyIdAsync(byte[] key, string? session = null)
    {
        var data = (await PostAsync("/account/scoped-key-data", new { client_id = AccountClient.Desktop, scope = AccountClient.SyncScope }, session)).Ok();
        var fingerprint = Convert.ToBase64String(System.Security.Cryptography.SHA256.HashData(key)[..16]).TrimEnd('=').Replace('+', '-').Replace('/', '_');
        return $"{data.Json.GetProperty(AccountClient.SyncScope).GetProperty("keyRotationTimestamp").GetInt64()}-{fingerprint}";
    }
}
