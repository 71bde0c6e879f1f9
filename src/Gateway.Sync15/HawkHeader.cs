using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Lockstep.Gateway.Sync15;

/// <summary>An <c>Authorization</c> header of the Hawk scheme, taken apart.</summary>
/// <param name="Id">Names the key.</param>
/// <param name="Timestamp">Seconds since the epoch by the client's clock.</param>
/// <param name="Nonce">Any text.</param>
/// <param name="Mac">The signature, in base64.</param>
/// <param name="Hash">Of the body; empty for none.</param>
/// <param name="Extension">Any text; empty for none.</param>
internal sealed record HawkHeader(string Id, long Timestamp, string Nonce, string Mac, string Hash, string Extension)
{
    private const int MaxLength = 8192;
    private static readonly string[] Names = ["id", "ts", "nonce", "mac", "hash", "ext", "app", "dlg"];

    /// <summary>The signature of a request that has this header.</summary>
    /// <param name="key">Its text, not what it may be decoded to.</param>
    /// <param name="method">As it was sent, like the others.</param>
    /// <param name="target">Path and query.</param>
    /// <param name="host">In lower case.</param>
    /// <param name="port">That clients see.</param>
    /// <returns>Base64.</returns>
    public string Sign(string key, string method, string target, string host, int port)
    {
        var signed = string.Create(
            CultureInfo.InvariantCulture, $"hawk.1.header\n{Timestamp}\n{Nonce}\n{method}\n{target}\n{host}\n{port}\n{Hash}\n{Extension}\n");
        return Convert.ToBase64String(HMACSHA256.HashData(Encoding.ASCII.GetBytes(key), Encoding.UTF8.GetBytes(signed)));
    }

    /// <returns>Null when it is no such header.</returns>
    public static HawkHeader? Parse(string? header)
    {
        const string scheme = "Hawk ";
        if (header is null || header.Length > MaxLength || !header.StartsWith(scheme, StringComparison.OrdinalIgnoreCase))
        {
            return null;
        }

        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        for (var rest = header[scheme.Length..].Trim(); rest.Length > 0;)
        {
            var equals = rest.IndexOf("=\"", StringComparison.Ordinal);
            var end = equals < 0 ? -1 : rest.IndexOf('"', equals + 2);
            if (end < 0 || !Names.Contains(rest[..equals], StringComparer.Ordinal) || !values.TryAdd(rest[..equals], rest[(equals + 2)..end]))
            {
                return null;
            }

            rest = rest[(end + 1)..].TrimStart();
            if (rest.Length > 0 && rest[0] != ',')
            {
                return null;
            }

            rest = rest.TrimStart(',').TrimStart();
        }

        return values.GetValueOrDefault("id") is { Length: > 0 } id
            && long.TryParse(values.GetValueOrDefault("ts"), NumberStyles.None, CultureInfo.InvariantCulture, out var timestamp)
            && values.GetValueOrDefault("nonce") is { Length: > 0 } nonce
            && values.GetValueOrDefault("mac") is { Length: > 0 } mac
            ? new HawkHeader(id, timestamp, nonce, mac, values.GetValueOrDefault("hash", ""), values.GetValueOrDefault("ext", ""))
            : null;
    }
}
