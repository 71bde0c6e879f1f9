using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Lockstep.Core.Buckets;

namespace Lockstep.Storage.PostgreSql.Shards;

/// <summary>The parts that all buckets are divided into, whatever the number of databases.</summary>
internal static class VirtualShards
{
    /// <summary>Never changes, since stored maps depend on it.</summary>
    public const int Count = 1024;

    private const int MaxBytesOnStack = 512;

    /// <summary>
    /// The first ten bits of the SHA-256 of the bucket's stored id in UTF-8. Never changes, or buckets would not be found.
    /// docs/operations/postgresql.md has the same in SQL.
    /// </summary>
    public static int Of(BucketId id)
    {
        var size = Encoding.UTF8.GetMaxByteCount(id.Value.Length);
        var text = size <= MaxBytesOnStack ? stackalloc byte[MaxBytesOnStack] : new byte[size];
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(text[..Encoding.UTF8.GetBytes(id.Value, text)], digest);
        return BinaryPrimitives.ReadUInt16BigEndian(digest) >> 6;
    }
}
