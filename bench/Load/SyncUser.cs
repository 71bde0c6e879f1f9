using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Lockstep.Gateway.Sync15;

namespace Lockstep.Bench;

/// <summary>Somebody with a token for a storage of Firefox Sync, who signs requests with it before the clock runs.</summary>
internal sealed class SyncUser
{
    private const long TokenSeconds = 86_400;

    private readonly ServerProcess server;
    private readonly string id;
    private readonly string key;
    private readonly long uid;

    /// <param name="server">Whose storage.</param>
    /// <param name="secret">The secret that the server takes tokens of.</param>
    /// <param name="uid">The number of the storage.</param>
    public SyncUser(ServerProcess server, string secret, long uid)
    {
        (this.server, this.uid) = (server, uid);
        var token = new SyncToken(uid, TimeProvider.System.GetUtcNow().ToUnixTimeSeconds() + TokenSeconds, "abcdef")
        {
            // As long as those that are given out.
            Node = $"http://{server.Host}",
            AccountId = new string('a', 32),
            KeyId = $"0001234567890-{new string('k', 22)}",
            HashedAccountId = new string('b', 32),
            HashedDeviceId = new string('c', 32),
        };
        (id, key) = new TokenSigner([secret]).Sign(token);
    }

    /// <param name="method">The method.</param>
    /// <param name="path">Below <c>/1.5/{uid}</c>. In it <see cref="RequestTemplate.Number"/> stands for the request's own number.</param>
    /// <param name="body">JSON; null for none.</param>
    /// <param name="variants">So many requests, with the numbers 0, 1 and so on, are sent in turn: each has a signature of its own.</param>
    public RequestTemplate Request(string method, string path, string? body = null, int variants = 1) =>
        RequestTemplate.InTurn([.. Enumerable.Range(0, variants).Select(i => Signed(method, path.Replace(RequestTemplate.Number, i.ToString("D8", CultureInfo.InvariantCulture), StringComparison.Ordinal), body))]);

    private string Signed(string method, string path, string? body)
    {
        var target = string.Create(CultureInfo.InvariantCulture, $"/1.5/{uid}{path}");
        var ts = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds();
        var text = string.Create(CultureInfo.InvariantCulture, $"hawk.1.header\n{ts}\nabcdef\n{method}\n{target}\n{server.Address.Address}\n{server.Address.Port}\n\n\n");
        var mac = Convert.ToBase64String(HMACSHA256.HashData(Encoding.ASCII.GetBytes(key), Encoding.ASCII.GetBytes(text)));
        var head = string.Create(
            CultureInfo.InvariantCulture,
            $"{method} {target} HTTP/1.1\r\nHost: {server.Host}\r\nAccept: application/json\r\nAuthorization: Hawk id=\"{id}\", ts=\"{ts}\", nonce=\"abcdef\", mac=\"{mac}\"\r\n");
        return body is null ? head + "\r\n" : string.Create(CultureInfo.InvariantCulture, $"{head}Content-Type: application/json\r\nContent-Length: {body.Length}\r\n\r\n{body}");
    }
}
