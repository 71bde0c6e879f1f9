using System.Globalization;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Lockstep.Gateway.FirefoxAccounts.Tests;

/// <summary>Sends requests as Firefox and our pages do. What it computes it computes by the protocol's documents, with nothing of the server's.</summary>
public sealed class AccountClient : IDisposable
{
    public const string SyncScope = "https://identity.mozilla.com/apps/oldsync";
    public const string Desktop = "5882386c6d801776";

    private readonly HttpClient http;
    private readonly TimeProvider time;

    public AccountClient(Uri address, TimeProvider time)
    {
        this.time = time;
        http = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false }) { BaseAddress = address };
    }

    public Uri Address => http.BaseAddress!;

    public Task<AccountAnswer> GetAsync(string path, string? authorization = null) => SendAsync("GET", path, null, authorization);

    public Task<AccountAnswer> PostAsync(string path, object body, string? authorization = null) => SendAsync("POST", path, JsonSerializer.Serialize(body), authorization);

    public async Task<AccountAnswer> SendAsync(string method, string path, string? body, string? authorization = null, string contentType = "application/json", params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        if (authorization is not null)
        {
            request.Headers.TryAddWithoutValidation("Authorization", authorization);
        }

        foreach (var (name, value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        if (body is not null)
        {
            request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
            request.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(contentType);
        }

        using var response = await http.SendAsync(request);
        var answered = response.Headers.Concat(response.Content.Headers).ToDictionary(header => header.Key, header => string.Join(", ", header.Value), StringComparer.OrdinalIgnoreCase);
        return new AccountAnswer((int)response.StatusCode, answered, await response.Content.ReadAsStringAsync());
    }

    /// <summary>A Hawk signature as Firefox makes it: with a hash of the body where there is one.</summary>
    public string Hawk(string token, string kind, string method, string path, string? body = null, long skew = 0)
    {
        var derived = Derive(Convert.FromHexString(token), kind, 96);
        var url = new Uri(Address, path);
        var (seconds, nonce) = (time.GetUtcNow().ToUnixTimeSeconds() + skew, Convert.ToBase64String(RandomNumberGenerator.GetBytes(6)));
        var hash = body is null ? "" : Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes($"hawk.1.payload\napplication/json\n{body}\n")));
        var signed = string.Create(CultureInfo.InvariantCulture, $"hawk.1.header\n{seconds}\n{nonce}\n{method}\n{url.PathAndQuery}\n{url.Host}\n{url.Port}\n{hash}\n\n");
        var mac = Convert.ToBase64String(HMACSHA256.HashData(derived[32..64], Encoding.UTF8.GetBytes(signed)));
        var part = hash.Length > 0 ? $"hash=\"{hash}\", " : "";
        return string.Create(CultureInfo.InvariantCulture, $"Hawk id=\"{Convert.ToHexStringLower(derived[..32])}\", ts=\"{seconds}\", nonce=\"{nonce}\", {part}mac=\"{mac}\"");
    }

    /// <summary>The other way to show such a token.</summary>
    public static string Bearer(string token, string kind) =>
        $"Bearer {kind switch { "sessionToken" => "fxs_", "keyFetchToken" => "fxk_", "passwordChangeToken" => "fxpc_", _ => "fxar_" }}{Convert.ToHexStringLower(Derive(Convert.FromHexString(token), kind, 96)[..32])}";

    public static byte[] Derive(byte[] secret, string name, int length) =>
        HKDF.DeriveKey(HashAlgorithmName.SHA256, secret, length, salt: new byte[32], Encoding.UTF8.GetBytes("identity.mozilla.com/picl/v1/" + name));

    /// <summary>The server's half of kB, out of what <c>account/keys</c> answers.</summary>
    public static byte[] Unbundle(string token, string bundle)
    {
        var keys = Derive(Derive(Convert.FromHexString(token), "keyFetchToken", 96)[64..], "account/keys", 96);
        var bytes = Convert.FromHexString(bundle);
        Assert.Equal(HMACSHA256.HashData(keys[..32], bytes[..64]), bytes[64..]);
        return [.. bytes[32..64].Select((value, i) => (byte)(value ^ keys[64 + i]))];
    }

    public static byte[] Xor(byte[] one, byte[] other) => [.. one.Zip(other, static (a, b) => (byte)(a ^ b))];

    public static string RandomHex(int bytes) => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(bytes));

    public static string NewSalt() => "identity.mozilla.com/picl/v1/quickStretchV2:" + RandomHex(16);

    public static (string Verifier, string Challenge) Pkce()
    {
        var verifier = RandomHex(32);
        return (verifier, Convert.ToBase64String(SHA256.HashData(Encoding.ASCII.GetBytes(verifier))).TrimEnd('=').Replace('+', '-').Replace('/', '_'));
    }

    public void Dispose() => http.Dispose();
}
