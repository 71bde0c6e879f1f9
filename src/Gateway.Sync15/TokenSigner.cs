using System.Buffers;
using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Lockstep.Core.Records;

namespace Lockstep.Gateway.Sync15;

/// <summary>
/// Makes tokens and checks them, with one or several secrets, of which the first one signs. The format is tokenlib's: the id is the signed
/// text, and the key that signs requests is derived from id and secret. Safe for concurrent use.
/// </summary>
public sealed class TokenSigner
{
    private const int SignatureBytes = 32;
    private const int MaxIdLength = 4096;
    private const string SigningInfo = "services.mozilla.com/tokenlib/v1/signing";
    private const string DerivingInfo = "services.mozilla.com/tokenlib/v1/derive/";

    // Fields of this program, which others do not know and ignore.
    private const string QuotaName = "lockstep_quota";

    // A client uses one token for an hour, and deriving a key takes longer than verifying a request.
    private const int MaxRemembered = 4096;

    private readonly (byte[] Secret, byte[] SigningKey)[] secrets;
    private readonly ConcurrentDictionary<string, (SyncToken Token, string Key)> verified = new(StringComparer.Ordinal);

    /// <param name="secrets">The signing secret first; at least one.</param>
    public TokenSigner(IReadOnlyList<string> secrets)
    {
        ArgumentOutOfRangeException.ThrowIfZero(secrets.Count, nameof(secrets));
        this.secrets = [.. secrets.Select(Encoding.UTF8.GetBytes).Select(secret =>
            (secret, HKDF.DeriveKey(HashAlgorithmName.SHA256, secret, SignatureBytes, salt: [], Encoding.UTF8.GetBytes(SigningInfo))))];
    }

    /// <returns>The id that the client sends, and the key that it signs with, both as text.</returns>
    public (string Id, string Key) Sign(SyncToken token)
    {
        var output = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(output))
        {
            writer.WriteStartObject();
            writer.WriteString("node", token.Node);
            writer.WriteString("fxa_kid", token.KeyId);
            writer.WriteString("fxa_uid", token.AccountId);
            writer.WriteString("hashed_device_id", token.HashedDeviceId);
            writer.WriteString("hashed_fxa_uid", token.HashedAccountId);
            writer.WriteNumber("expires", token.Expires);
            writer.WriteNumber("uid", token.Uid);
            writer.WriteString("tokenserver_origin", "rust");
            writer.WriteString("salt", token.Salt);
            if (token.QuotaBytes is { } quota)
            {
                writer.WriteNumber(QuotaName, quota);
            }

            writer.WriteEndObject();
        }

        return Sign(output.WrittenSpan, token.Salt);
    }

    /// <returns>Null when no secret has signed it, or its contents cannot be read.</returns>
    public (SyncToken Token, string Key)? Verify(string id)
    {
        if (verified.TryGetValue(id, out var known))
        {
            return known;
        }

        if (VerifyAnew(id) is not { } found)
        {
            return null;
        }

        if (verified.Count >= MaxRemembered)
        {
            verified.Clear();
        }

        verified[id] = found;
        return found;
    }

    internal (string Id, string Key) Sign(ReadOnlySpan<byte> payload, string salt)
    {
        var (secret, signingKey) = secrets[0];
        var signed = new byte[payload.Length + SignatureBytes];
        payload.CopyTo(signed);
        HMACSHA256.HashData(signingKey, payload, signed.AsSpan(payload.Length));
        var id = Encode(signed);
        return (id, Derive(secret, id, salt));
    }

    private (SyncToken Token, string Key)? VerifyAnew(string id)
    {
        if (id.Length > MaxIdLength || Decode(id) is not { } signed || signed.Length <= SignatureBytes)
        {
            return null;
        }

        // Checks the received bytes, since another program may have formatted the text differently.
        var payload = signed.AsMemory(0, signed.Length - SignatureBytes);
        Span<byte> expected = stackalloc byte[SignatureBytes];
        foreach (var (secret, signingKey) in secrets)
        {
            HMACSHA256.HashData(signingKey, payload.Span, expected);
            if (CryptographicOperations.FixedTimeEquals(expected, signed.AsSpan(payload.Length)))
            {
                return Read(payload) is { } token ? (token, Derive(secret, id, token.Salt)) : null;
            }
        }

        return null;
    }

    private static string Derive(byte[] secret, string id, string salt) => Encode(HKDF.DeriveKey(
        HashAlgorithmName.SHA256, secret, SignatureBytes, Encoding.ASCII.GetBytes(salt), Encoding.UTF8.GetBytes(DerivingInfo + id)));

    private static SyncToken? Read(ReadOnlyMemory<byte> payload)
    {
        try
        {
            using var document = JsonText.Parse(payload);
            var root = document.RootElement;
            return root.ValueKind == JsonValueKind.Object
                && root.TryGetProperty("uid", out var uid) && uid.ValueKind == JsonValueKind.Number && uid.TryGetInt64(out var number) && number >= 0
                && root.TryGetProperty("expires", out var expires) && expires.ValueKind == JsonValueKind.Number && expires.TryGetDecimal(out var seconds)
                && root.TryGetProperty("salt", out var salt) && JsonText.Read(salt) is { } text
                ? new SyncToken(number, seconds, text)
                {
                    Node = Text(root, "node"),
                    AccountId = Text(root, "fxa_uid"),
                    KeyId = Text(root, "fxa_kid"),
                    HashedAccountId = Text(root, "hashed_fxa_uid"),
                    HashedDeviceId = Text(root, "hashed_device_id"),
                    QuotaBytes = root.TryGetProperty(QuotaName, out var quota) && quota.ValueKind == JsonValueKind.Number && quota.TryGetInt64(out var bytes) && bytes >= 0 ? bytes : null,
                }
                : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static string Text(JsonElement token, string name) => token.TryGetProperty(name, out var value) ? JsonText.Read(value) ?? "" : "";

    /// <summary>Base64 for URLs, with padding.</summary>
    private static string Encode(ReadOnlySpan<byte> bytes) => Convert.ToBase64String(bytes).Replace('+', '-').Replace('/', '_');

    private static byte[]? Decode(string text)
    {
        var bytes = new byte[text.Length];
        return Convert.TryFromBase64String(text.Replace('-', '+').Replace('_', '/'), bytes, out var length) ? bytes[..length] : null;
    }
}
