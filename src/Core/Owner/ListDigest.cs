using Lockstep.Core.Time;

namespace Lockstep.Core.Owner;

/// <summary>A digest of a list's objects and their stamps, independent of their order. Equal lists have equal digests; different lists hardly ever do.</summary>
/// <param name="Live">Objects that exist.</param>
/// <param name="Tombstones">Deleted objects.</param>
/// <param name="Sum">Over ids, stamps, and whether the objects exist.</param>
public readonly record struct ListDigest(long Live, long Tombstones, ulong Sum)
{
    // FNV-1a.
    private const ulong Basis = 14_695_981_039_346_656_037;
    private const ulong Prime = 1_099_511_628_211;

    /// <summary>All of them.</summary>
    public long Count => Live + Tombstones;

    public ListDigest With(string id, ServerTimestamp modified, bool isTombstone)
    {
        var hash = Basis;
        foreach (var c in id)
        {
            hash = unchecked((hash ^ c) * Prime);
        }

        for (var rest = (ulong)modified.Milliseconds; rest > 0; rest >>= 8)
        {
            hash = unchecked((hash ^ (rest & 0xff)) * Prime);
        }

        return new ListDigest(Live + (isTombstone ? 0 : 1), Tombstones + (isTombstone ? 1 : 0), unchecked(Sum + ((hash ^ (isTombstone ? 1UL : 0)) * Prime)));
    }
}
