using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Lockstep.Storage.Upkeep.Check;

/// <summary>Rows of the index of principals, added up: two sets of the same rows have the same sum in whatever order they come.</summary>
/// <param name="Rows">How many.</param>
/// <param name="Digest">Of all of them.</param>
internal readonly record struct GrantSum(long Rows, UInt128 Digest)
{
    public GrantSum With(GrantRow row)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{(int)row.Relation}\0{row.Principal}\0{row.Id}\0{row.Stamp}")), hash);
        return new GrantSum(Rows + 1, unchecked(Digest + System.Buffers.Binary.BinaryPrimitives.ReadUInt128LittleEndian(hash)));
    }
}
