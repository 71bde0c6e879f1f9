using System.Buffers.Binary;
using System.IO.Compression;
using System.Runtime.InteropServices;

namespace Lockstep.Gateway.Http;

/// <summary>
/// A complete gzip body (RFC 1952) with one member. It ends with its decoded length, so room can be taken in advance, and decoding
/// stops if the length is wrong. The framework compares the length only when it reaches the trailer, and returns a truncated body
/// without an error.
/// </summary>
internal static class GzipBody
{
    // A header, one empty block and a trailer.
    private const int LeastBytes = 20;

    // DEFLATE writes 258 bytes in two bits at the shortest.
    private const long GreatestRatio = 258 * 8 / 2;

    /// <returns>The decoded length; null if it is not gzip, or claims an impossible length.</returns>
    public static long? DecodedLength(ReadOnlySpan<byte> body) =>
        body.Length >= LeastBytes && body.StartsWith((ReadOnlySpan<byte>)[0x1f, 0x8b])
            && BinaryPrimitives.ReadUInt32LittleEndian(body[^4..]) is var length && length <= body.Length * GreatestRatio
            ? length
            : null;

    /// <param name="body">The body.</param>
    /// <param name="into">Receives the decoded bytes; empty.</param>
    /// <param name="length">The result of <see cref="DecodedLength"/>.</param>
    /// <returns>False if it is broken or has another length; then <paramref name="into"/> holds no more than that.</returns>
    public static bool TryDecode(ReadOnlyMemory<byte> body, PooledBuffer into, int length)
    {
        if (!MemoryMarshal.TryGetArray(body, out var array))
        {
            array = body.ToArray();
        }

        try
        {
            using var source = new MemoryStream(array.Array!, array.Offset, array.Count, writable: false);
            using var gzip = new GZipStream(source, CompressionMode.Decompress);
            while (into.Length < length)
            {
                if (gzip.Read(into.GetSpan()[..Math.Min(into.GetSpan().Length, length - into.Length)]) is not (> 0 and var read))
                {
                    return false;
                }

                into.Advance(read);
            }

            // The end is read too, for its checksum.
            return gzip.ReadByte() < 0;
        }
        catch (InvalidDataException)
        {
            return false;
        }
    }
}
