using Lockstep.Core.Patches;
using Lockstep.Core.Permissions;
using Lockstep.Core.Records;

namespace Lockstep.Core.Operations;

/// <summary>Changes a part of an object's data. The object must exist.</summary>
/// <remarks>Kinto: PATCH.</remarks>
/// <param name="Target">The object.</param>
/// <param name="Kind">How to read <paramref name="Patch"/>.</param>
/// <param name="Patch">UTF-8 JSON: an object for the merges, an array for RFC 6902.</param>
/// <param name="MaxBytes">The maximal bytes of the object's data afterwards.</param>
/// <param name="ReservedFlag">A member that must not have a truthy value afterwards; null for none.</param>
public sealed record PatchRecord(
    ObjectRef Target, PatchKind Kind, ReadOnlyMemory<byte> Patch, int MaxBytes = int.MaxValue, string? ReservedFlag = null) : Operation
{
    /// <summary>Whether the answer also holds the record before the change. Default: false.</summary>
    public bool ReturnsPrevious { get; init; }

    /// <summary>The change of the object's permissions. Default: none.</summary>
    public AccessChange? Access { get; init; }

    public override bool IsWrite => true;

    public override long Size => 256 + Patch.Length + (Access?.Size ?? 0);
}
