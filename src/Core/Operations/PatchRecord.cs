using Lockstep.Core.Patches;
using Lockstep.Core.Permissions;
using Lockstep.Core.Records;

namespace Lockstep.Core.Operations;

/// <summary>Kinto: PATCH. The object must exist.</summary>
/// <param name="Target">The object.</param>
/// <param name="Kind">How to read <paramref name="Patch"/>.</param>
/// <param name="Patch">UTF-8 JSON: an object for the merges, an array for RFC 6902.</param>
/// <param name="MaxBytes">Bytes of data that the object may have afterwards.</param>
/// <param name="ReservedFlag">A member that the data must not have as anything truthy afterwards; null for none.</param>
public sealed record PatchRecord(
    ObjectRef Target, PatchKind Kind, ReadOnlyMemory<byte> Patch, int MaxBytes = int.MaxValue, string? ReservedFlag = null) : Operation
{
    /// <summary>Whether the answer also holds the record as it was. Default: false.</summary>
    public bool ReturnsPrevious { get; init; }

    /// <summary>What it says of who may do what with the object. Default: nothing, and what was said stays.</summary>
    public AccessChange? Access { get; init; }

    public override bool IsWrite => true;

    public override long Size => 256 + Patch.Length + (Access?.Size ?? 0);
}
