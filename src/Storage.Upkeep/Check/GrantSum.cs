using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Lockstep.Storage.Upkeep.Check;

/// <summary>The sum of rows of the index of principals. Two sets of the same rows have the same sum, in any order.</summary>
/// <param name="Rows">The number of rows.</param>
/// <param name="Digest">A digest of all rows.</param>
internal readonly record struct GrantSum(long Rows, UInt128 Digest)
{
    public GrantSum With(GrantRow row)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{(int)row.Relation}\0{row.Principal}\0{row.Id}\0{row.Stamp}")), hash);
        return new GrantSum(Rows + 1, unchecked(Digest + System.Buffers.Binary.BinaryPrimitives.ReadUInt128LittleEndian(hash)));
    }
}
