using Lockstep.Core.Permissions;
using Lockstep.Core.Records;
using Lockstep.Core.Time;

namespace Lockstep.Core.Operations;

/// <summary>Kinto: PUT. Creates the object or replaces its data.</summary>
/// <param name="Target">The object.</param>
/// <param name="Body">The new data; null keeps what is there (a PUT without <c>data</c>).</param>
/// <param name="Hint">The client's own wish for the stamp.</param>
public sealed record PutRecord(ObjectRef Target, ReadOnlyMemory<byte>? Body, ServerTimestamp? Hint = null) : Operation
{
    /// <summary>What it says of who may do what with the object. Default: nothing, and what was said stays.</summary>
    public AccessChange? Access { get; init; }

    /// <summary>Whether the data is what the object was once: then it may say of a file that is none of this server's what a new write may not. Default: false.</summary>
    public bool IsRestored { get; init; }

    public override bool IsWrite => true;

    public override long Size => 256 + (Body?.Length ?? 0) + (Access?.Size ?? 0);

    public override ReadOnlyMemory<byte>? SentBody => Body;
}
