using System.Security.Cryptography;
using System.Text;

namespace Lockstep.Import.Kinto;

/// <summary>Ids that Kinto gives to users' default buckets.</summary>
/// <remarks>Origin: <c>default_bucket_id</c> in <c>kinto/plugins/default_bucket/__init__.py</c>.</remarks>
internal static class KintoBucketId
{
    /// <param name="secret"><c>default_bucket_hmac_secret</c>, or where that is not set <c>userid_hmac_secret</c>.</param>
    /// <param name="principal">The user, such as <c>account:alice</c>.</param>
    public static string OfDefault(ReadOnlySpan<byte> secret, string principal) =>
        new Guid(HMACSHA256.HashData(secret, Encoding.UTF8.GetBytes(principal)).AsSpan(0, 16), bigEndian: true).ToString();

    /// <summary>Whether an id has the form of these.</summary>
    public static bool CanBeDefault(string id) => Guid.TryParseExact(id, "D", out var parsed) && parsed.ToString() == id;

    /// <summary>
    /// Whether an id of this form is almost certainly one of these: only one in eight HMACs has the version and the variant of a UUID that somebody makes.
    /// </summary>
    /// <remarks>RFC 9562, sections 4.1 and 4.2.</remarks>
    public static bool IsSurelyDefault(string id) => id[14] is not (>= '1' and <= '8') || id[19] is not ('8' or '9' or 'a' or 'b');
}
