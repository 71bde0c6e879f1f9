using System.Buffers.Binary;
using System.IO.Compression;
using System.Runtime.InteropServices;

namespace Lockstep.Gateway.Http;

/// <summary>
/// A body in gzip (RFC 1952), whole: one member. It says at its end how long it is decoded, so that room is taken before, and decoding
/// stops where it says something else. The framework compares that only when it reaches the trailer: of a body that was cut off
/// it gives what is there, without an error.
/// </summary>
internal static class GzipBody
{
    // Header, one empty block and trailer.
    private const int LeastBytes = 20;

    // DEFLATE has no shorter way to write 258 bytes than two bits.
    private const long GreatestRatio = 258 * 8 / 2;

    /// <returns>Bytes that it has decoded; null when it is no gzip, or says what cannot be.</returns>
    public static long? DecodedLength(ReadOnlySpan<byte> body) =>
        body.Length >= LeastBytes && body.StartsWith((ReadOnlySpan<byte>)[0x1f, 0x8b])
            && BinaryPrimitives.ReadUInt32LittleEndian(body[^4..]) is var length && length <= body.Length * GreatestRatio
            ? length
            : null;

    /// <param name="body">The body.</param>
    /// <param name="into">Where the decoded bytes go; empty.</param>
    /// <param name="length">What <see cref="DecodedLength"/> says.</param>
    /// <returns>False when it is broken or has another length; then <paramref name="into"/> holds no more than that.</returns>
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

            // The end is looked at too: its checksum.
            return gzip.ReadByte() < 0;
        }
        catch (InvalidDataException)
        {
            return false;
        }
    }
}
