using Lockstep.Core.Permissions;
using Lockstep.Core.Records;
using Lockstep.Core.Time;

namespace Lockstep.Core.Operations;

/// <summary>Creates the object or replaces its data.</summary>
/// <remarks>Kinto: PUT.</remarks>
/// <param name="Target">The object.</param>
/// <param name="Body">The new data; null to keep the existing data.</param>
/// <param name="Hint">The stamp that the client proposes.</param>
public sealed record PutRecord(ObjectRef Target, ReadOnlyMemory<byte>? Body, ServerTimestamp? Hint = null) : Operation
{
    /// <summary>The change of the object's permissions. Default: none.</summary>
    public AccessChange? Access { get; init; }

    /// <summary>Whether the data is an earlier state of the object. It may then name a foreign file, which a new write may not. Default: false.</summary>
    public bool IsRestored { get; init; }

    public override bool IsWrite => true;

    public override long Size => 256 + (Body?.Length ?? 0) + (Access?.Size ?? 0);

    public override ReadOnlyMemory<byte>? SentBody => Body;
}
