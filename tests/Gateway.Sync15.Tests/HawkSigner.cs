using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Lockstep.Gateway.Sync15.Tests;

/// <summary>Signs requests as clients do. It shares nothing with the server.</summary>
public static class HawkSigner
{
    public static string Mac(string key, long ts, string nonce, string method, string target, string host, int port, string hash = "", string ext = "")
    {
        var text = string.Join('\n', "hawk.1.header", ts.ToString(CultureInfo.InvariantCulture), nonce, method, target, host, port.ToString(CultureInfo.InvariantCulture), hash, ext, "");
        return Convert.ToBase64String(HMACSHA256.HashData(Encoding.ASCII.GetBytes(key), Encoding.UTF8.GetBytes(text)));
    }

    public static string Header(
        string id, string key, long ts, string method, string target, string host, int port, string nonce = "n0nce", string hash = "", string ext = "")
    {
        var mac = Mac(key, ts, nonce, method, target, host, port, hash, ext);
        var more = (hash.Length > 0 ? $", hash=\"{hash}\"" : "") + (ext.Length > 0 ? $", ext=\"{ext}\"" : "");
        return $"Hawk id=\"{id}\", ts=\"{ts}\", nonce=\"{nonce}\"{more}, mac=\"{mac}\"";
    }
}
