using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Lockstep.Gateway.FirefoxAccounts.Tests;
using Lockstep.Gateway.Sync15.Tests;

namespace Lockstep.EndToEnd;

/// <summary>Somebody who does with an account all that there is to do, as our pages and Firefox do it, and tells which secrets that has.</summary>
internal sealed class AccountHolder(AccountClient client, SmtpReceiver mails, Canaries canaries, string email)
{
    /// <summary>What is in mails, and nowhere else.</summary>
    public const string MailedCode = "mailed code";

    private const string Names = "identity.mozilla.com/picl/v1/";
    private const int Rounds = 650_000;

    private string salt = "";
    private string authPw = "";
    private byte[] unwrapKey = [];
    private byte[] key = [];
    private string session = "";
    private Queue<string> codes = new();

    public async Task SignUpAsync(string password, string invitation)
    {
        TypePassword(password);
        var made = (await client.PostAsync("/auth/v1/account/create?keys=true", new { email, authPW = authPw, clientSalt = salt, invitation })).Ok();
        session = Token("session", made.String("sessionToken"), "sessionToken");
        (await PostAsync("/session/verify_code", new { code = await CodeAsync() })).Ok();
        key = await KeyAsync(made);
    }

    public async Task SignInAsync(bool isSecond = true)
    {
        (await client.PostAsync("/auth/v1/account/login", new { email, authPW = canaries.Hex("a wrong authPW", AccountClient.RandomHex(32)) })).Refused(400, 103);
        var signedIn = (await client.PostAsync("/auth/v1/account/login?keys=true", new { email, authPW = authPw })).Ok();
        session = Token("session", signedIn.String("sessionToken"), "sessionToken");
        if (isSecond)
        {
            (await PostAsync("/session/verify/recoveryCode", new { code = codes.Dequeue() })).Ok();
        }

        Assert.Equal(key, await KeyAsync(signedIn));
        await mails.NextAsync();
    }

    /// <summary>The password of Sync, typed where it opens nothing; a client of Kinto that has a password of its own; and one that has a token.</summary>
    public async Task UseOtherProtocolsAsync(string password)
    {
        foreach (var path in new[] { "/v1/", "/v1/buckets/default/collections/a/records", "/1.1/" + email + "/info/collections" })
        {
            Assert.NotEqual(500, (await client.GetAsync(path, Basic(password))).Status);
        }

        var app = canaries.Text("app password", (await PostAsync("/account/app_passwords", new { name = "Notes", authPW = authPw })).Ok().String("password"));
        Assert.InRange((await client.SendAsync("PUT", "/v1/buckets/default/collections/a/records/b", """{"data":{}}""", Basic(app))).Status, 200, 201);
    }

    /// <summary>Firefox signs in by a code, and syncs.</summary>
    public async Task SyncAsync()
    {
        var (code, verifier) = await AuthorizeAsync();
        var tokens = (await client.PostAsync("/auth/v1/oauth/token", new { grant_type = "authorization_code", client_id = AccountClient.Desktop, code, code_verifier = verifier })).Ok();
        var refresh = canaries.Hex("refresh token", tokens.String("refresh_token"));
        var access = canaries.Text("access token", tokens.String("access_token"));
        var data = (await PostAsync("/account/scoped-key-data", new { client_id = AccountClient.Desktop, scope = AccountClient.SyncScope })).Ok();
        var keyId = $"{data.Json.GetProperty(AccountClient.SyncScope).GetProperty("keyRotationTimestamp").GetInt64()}-{Base64Url(SHA256.HashData(key)[..16])}";
        var storage = (await client.SendAsync("GET", "/token/1.0/sync/1.5", null, "Bearer " + access, headers: ("X-KeyID", keyId))).Ok();
        var (id, hawkKey) = (canaries.Text("token of the storage", storage.String("id")), canaries.Text("Hawk key of the storage", storage.String("key")));
        var target = new Uri(storage.String("api_endpoint") + "/storage/bookmarks/a");
        var signed = HawkSigner.Header(id, hawkKey, TimeProvider.System.GetUtcNow().ToUnixTimeSeconds(), "PUT", target.PathAndQuery, target.Host, target.Port);
        (await client.SendAsync("PUT", target.AbsolutePath, """{"payload":"p"}""", signed)).Ok();
        (await client.SendAsync("GET", "/syncto/v1/buckets/syncto/collections/bookmarks/records", null, "Bearer " + access, headers: ("X-KeyID", keyId))).Ok();
        (await client.PostAsync("/auth/v1/introspect", new { token = refresh })).Ok();
        (await client.PostAsync("/auth/v1/verify", new { token = access })).Ok();
        (await client.GetAsync("/profile/v1/profile", "Bearer " + access)).Ok();
        (await client.GetAsync("/auth/v1/account/devices", "Bearer " + refresh)).Ok();
        canaries.Text("access token", (await client.PostAsync("/auth/v1/oauth/token", new { grant_type = "refresh_token", client_id = AccountClient.Desktop, refresh_token = refresh })).Ok().String("access_token"));
    }

    public async Task SetUpSecondFactorAsync()
    {
        var secret = canaries.Text("secret of the second factor", (await PostAsync("/totp/create", new { authPW = authPw })).Ok().String("secret"));
        var totp = new OtpNet.Totp(canaries.Bytes("secret of the second factor", OtpNet.Base32Encoding.ToBytes(secret)));
        var answer = (await PostAsync("/totp/setup/complete", new { code = totp.ComputeTotp() })).Ok();
        codes = new(answer.Json.GetProperty("recoveryCodes").EnumerateArray().Select(code => canaries.Text("code that stands in for the second factor", code.GetString()!)));
    }

    public async Task ChangePasswordAsync(string password)
    {
        var start = (await PostAsync("/password/change/start", new { email, oldAuthPW = authPw })).Ok();
        Assert.Equal(key, await KeyAsync(start));
        TypePassword(password);
        var wrapped = canaries.Hex("the server's half of the key", Convert.ToHexStringLower(AccountClient.Xor(key, unwrapKey)));
        var token = Token("password change token", start.String("passwordChangeToken"), "passwordChangeToken");
        var answer = (await client.PostAsync("/auth/v1/password/change/finish?keys=true", new { authPW = authPw, wrapKb = wrapped, clientSalt = salt }, AccountClient.Bearer(token, "passwordChangeToken"))).Ok();
        session = Token("session", answer.String("sessionToken"), "sessionToken");
        await mails.NextAsync();
    }

    /// <summary>By a mailed code, and again by the recovery key.</summary>
    public async Task ForgetPasswordAsync(string first, string second)
    {
        (await client.PostAsync("/auth/v1/password/forgot/send_otp", new { email })).Ok();
        await ResetAsync((await client.PostAsync("/auth/v1/password/forgot/verify_otp", new { email, code = await CodeAsync() })).Ok(), first, wraps: false);
        var id = await MakeRecoveryKeyAsync();
        await ResetAsync((await client.PostAsync("/auth/v1/recoveryKey/use", new { email, recoveryKeyId = id, recoveryCode = codes.Dequeue() })).Ok(), second, wraps: true);
    }

    public async Task ExportAsync() => (await client.GetAsync(await ExportPathAsync())).Ok();

    /// <summary>One of everything that opens something, and is not used: so that it is there when somebody looks.</summary>
    public async Task LeaveAllOpenAsync(string link)
    {
        var signedIn = (await client.PostAsync("/auth/v1/account/login?keys=true", new { email, authPW = authPw })).Ok();
        Token("session", signedIn.String("sessionToken"), "sessionToken");
        Token("key-fetch token", signedIn.String("keyFetchToken"), "keyFetchToken");
        await mails.NextAsync();
        await AuthorizeAsync();
        var start = (await PostAsync("/password/change/start", new { email, oldAuthPW = authPw })).Ok();
        Token("key-fetch token", start.String("keyFetchToken"), "keyFetchToken");
        Token("password change token", start.String("passwordChangeToken"), "passwordChangeToken");
        await ExportPathAsync();
        (await client.PostAsync("/auth/v1/password/forgot/send_otp", new { email })).Ok();
        await CodeAsync();
        Token("reset token", (await client.PostAsync("/auth/v1/password/forgot/use_link", new { token = link })).Ok().String("accountResetToken"), "accountResetToken");
        await MakeRecoveryKeyAsync();
        await UseOtherProtocolsAsync("the password that nobody has");
        await SyncAsync();
    }

    private async Task ResetAsync(AccountAnswer proven, string password, bool wraps)
    {
        var token = Token("reset token", proven.String("accountResetToken"), "accountResetToken");
        TypePassword(password);
        var body = new Dictionary<string, string>(StringComparer.Ordinal) { ["authPW"] = authPw, ["clientSalt"] = salt };
        if (wraps)
        {
            body["wrapKb"] = canaries.Hex("the server's half of the key", Convert.ToHexStringLower(AccountClient.Xor(key, unwrapKey)));
        }
        else
        {
            body["recoveryCode"] = codes.Dequeue();
        }

        var answer = (await client.PostAsync("/auth/v1/account/reset?keys=true", body, AccountClient.Bearer(token, "accountResetToken"))).Ok();
        session = Token("session", answer.String("sessionToken"), "sessionToken");
        key = canaries.Bytes("kB", await KeyAsync(answer));
        await mails.NextAsync();
    }

    private async Task<string> MakeRecoveryKeyAsync()
    {
        var id = canaries.Hex("recovery key", AccountClient.RandomHex(16));
        (await PostAsync("/recoveryKey", new { recoveryKeyId = id, recoveryData = "made by the page", authPW = authPw })).Ok();
        return id;
    }

    private async Task<string> ExportPathAsync()
    {
        var path = new Uri((await PostAsync("/account/export", new { authPW = authPw })).Ok().String("url")).AbsolutePath;
        canaries.Hex("code of an export", path[(path.LastIndexOf('/') + 1)..]);
        return path;
    }

    private async Task<(string Code, string Verifier)> AuthorizeAsync()
    {
        var (verifier, challenge) = AccountClient.Pkce();
        var answer = (await PostAsync("/oauth/authorization", new
        {
            client_id = AccountClient.Desktop, state = "a state", scope = AccountClient.SyncScope + " profile", response_type = "code", access_type = "offline", code_challenge = challenge, code_challenge_method = "S256",
        })).Ok();
        return (canaries.Hex("code of a client", answer.String("code")), canaries.Text("verifier of a client", verifier));
    }

    /// <summary>What a page makes of a password, with a new salt.</summary>
    private void TypePassword(string password)
    {
        canaries.Text("password", password);
        salt = AccountClient.NewSalt();
        var stretched = Rfc2898DeriveBytes.Pbkdf2(password, Encoding.UTF8.GetBytes(salt), Rounds, HashAlgorithmName.SHA256, 32);
        authPw = canaries.Hex("authPW", Convert.ToHexStringLower(Hkdf("authPW")));
        unwrapKey = canaries.Bytes("the page's half of the key", Hkdf("unwrapBkey"));

        byte[] Hkdf(string name) => HKDF.DeriveKey(HashAlgorithmName.SHA256, stretched, 32, salt: new byte[32], Encoding.UTF8.GetBytes(Names + name));
    }

    /// <summary>A token, what it is shown by, and what is signed with it.</summary>
    private string Token(string name, string token, string kind)
    {
        var derived = AccountClient.Derive(Convert.FromHexString(token), kind, 96);
        canaries.Bytes("id of a " + name, derived[..32]);
        canaries.Bytes("Hawk key of a " + name, derived[32..64]);
        return canaries.Hex(name, token);
    }

    private async Task<byte[]> KeyAsync(AccountAnswer signedIn)
    {
        const string path = "/auth/v1/account/keys";
        var token = Token("key-fetch token", signedIn.String("keyFetchToken"), "keyFetchToken");
        var half = AccountClient.Unbundle(token, (await client.GetAsync(path, client.Hawk(token, "keyFetchToken", "GET", path))).Ok().String("bundle"));
        canaries.Bytes("the server's half of the key", half);
        return canaries.Bytes("kB", AccountClient.Xor(half, unwrapKey));
    }

    private async Task<string> CodeAsync() => canaries.Number(MailedCode, await mails.NextCodeAsync(email));

    private Task<AccountAnswer> PostAsync(string path, object body)
    {
        var text = JsonSerializer.Serialize(body);
        return client.SendAsync("POST", "/auth/v1" + path, text, client.Hawk(session, "sessionToken", "POST", "/auth/v1" + path, text));
    }

    private string Basic(string password) => "Basic " + canaries.Text("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{email}:{password}")));

    private static string Base64Url(byte[] value) => Convert.ToBase64String(value).TrimEnd('=').Replace('+', '-').Replace('/', '_');
}
