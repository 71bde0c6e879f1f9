using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Lockstep.Gateway.Http;

namespace Lockstep.Gateway.Accounts;

/// <summary>An <c>Authorization</c> header of the Hawk scheme, taken apart.</summary>
/// <param name="Id">Names the key.</param>
/// <param name="Timestamp">Seconds since the epoch by the client's clock.</param>
/// <param name="Nonce">Any text.</param>
/// <param name="Mac">The signature, in base64.</param>
/// <param name="Hash">Of the body; empty for none.</param>
/// <param name="Extension">Any text; empty for none.</param>
public sealed record HawkHeader(string Id, long Timestamp, string Nonce, string Mac, string Hash, string Extension)
{
    private const int MaxLength = 8192;
    private const int NonceBytes = 6;
    private static readonly string[] Names = ["id", "ts", "nonce", "mac", "hash", "ext", "app", "dlg"];

    /// <summary>The signature of a request that has this header.</summary>
    /// <param name="key">The credential's key.</param>
    /// <param name="method">As it was sent, like the others.</param>
    /// <param name="target">Path and query.</param>
    /// <param name="host">In lower case.</param>
    /// <param name="port">The port that clients see.</param>
    /// <returns>Base64.</returns>
    public string Sign(ReadOnlySpan<byte> key, string method, string target, string host, int port)
    {
        var signed = string.Create(
            CultureInfo.InvariantCulture, $"hawk.1.header\n{Timestamp}\n{Nonce}\n{method}\n{target}\n{host}\n{port}\n{Hash}\n{Extension}\n");
        return Convert.ToBase64String(HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(signed)));
    }

    /// <summary>Whether this header's signature is that of a request.</summary>
    /// <param name="key">The credential's key.</param>
    /// <param name="request">As it was received.</param>
    /// <param name="http">How clients see this server.</param>
    /// <param name="seen">The address that was compared, for the log.</param>
    public bool IsOf(ReadOnlySpan<byte> key, SignInRequest request, HttpOptions http, out HawkTarget seen)
    {
        seen = HawkTarget.Of(request, http);
        return CryptographicOperations.FixedTimeEquals(
            Encoding.ASCII.GetBytes(Sign(key, request.Method, seen.Target, seen.Host, seen.Port)), Encoding.ASCII.GetBytes(Mac));
    }

    /// <summary>Whether the body matches the signed hash. True when no hash was signed.</summary>
    /// <param name="contentType">As it was received.</param>
    /// <param name="body">As it was received.</param>
    public bool HasHashOf(string? contentType, ReadOnlySpan<byte> body)
    {
        if (Hash.Length == 0)
        {
            return true;
        }

        var type = (contentType ?? "").Split(';')[0].Trim().ToLowerInvariant();
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.UTF8.GetBytes($"hawk.1.payload\n{type}\n"));
        hash.AppendData(body);
        hash.AppendData("\n"u8);
        return CryptographicOperations.FixedTimeEquals(Encoding.ASCII.GetBytes(Convert.ToBase64String(hash.GetHashAndReset())), Encoding.ASCII.GetBytes(Hash));
    }

    /// <summary>The header for a request that this server sends to another.</summary>
    /// <param name="id">Names the key.</param>
    /// <param name="key">The key's text.</param>
    /// <param name="method">As it is sent.</param>
    /// <param name="url">The absolute URL.</param>
    /// <param name="seconds">The time, in seconds since the epoch.</param>
    /// <returns>The value of <c>Authorization</c>.</returns>
    public static string Authorization(string id, string key, string method, Uri url, long seconds)
    {
        var header = new HawkHeader(id, seconds, Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(NonceBytes)), "", "", "");
        var mac = header.Sign(Encoding.ASCII.GetBytes(key), method, url.PathAndQuery, url.Host.ToLowerInvariant(), url.Port);
        return string.Create(CultureInfo.InvariantCulture, $"Hawk id=\"{id}\", ts=\"{seconds}\", nonce=\"{header.Nonce}\", mac=\"{mac}\"");
    }

    /// <returns>Null when it is not a valid Hawk header.</returns>
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
