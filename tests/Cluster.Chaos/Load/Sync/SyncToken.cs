using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Lockstep.Cluster.Chaos.Load.Sync;

/// <summary>
/// What a TokenServer that has the members' secret gives to a device: tokenlib's format (docs/protocol/sync15.md), made here by
/// code that shares nothing with the server.
/// </summary>
/// <param name="Id">Names the token in each request.</param>
/// <param name="Key">Signs each request.</param>
internal sealed record SyncToken(string Id, string Key)
{
    /// <summary>What members sign with, of their settings.</summary>
    public const string Secret = "the secret that all members of these tests have";

    private const string Info = "services.mozilla.com/tokenlib/v1/";

    // Members' clocks are up to minutes apart, and a long run takes its time.
    private static readonly TimeSpan Life = TimeSpan.FromHours(12);

    /// <param name="uid">The number of the user's storage.</param>
    public static SyncToken For(long uid)
    {
        const string Salt = "50a1t5";
        var expires = (TimeProvider.System.GetUtcNow() + Life).ToUnixTimeSeconds();
        var payload = Encoding.UTF8.GetBytes($$"""{"uid":{{uid}},"expires":{{expires}},"salt":"{{Salt}}","node":""}""");
        var signature = HMACSHA256.HashData(Derive(salt: "", "signing"), payload);
        var id = Encode([.. payload, .. signature]);
        return new SyncToken(id, Encode(Derive(Salt, $"derive/{id}")));
    }

    private static byte[] Derive(string salt, string info) =>
        HKDF.DeriveKey(HashAlgorithmName.SHA256, Encoding.UTF8.GetBytes(Secret), HMACSHA256.HashSizeInBytes, Encoding.UTF8.GetBytes(salt), Encoding.UTF8.GetBytes(Info + info));

    // With padding, unlike Base64Url's own.
    private static string Encode(byte[] bytes) => Base64Url.EncodeToString(bytes) + new string('=', (3 - (bytes.Length % 3)) % 3);
}
