namespace Lockstep.Core.Operations;

/// <summary>One thing to do in one bucket. Every protocol is expressed in these; the set is closed.</summary>
public abstract record Operation
{
    public Precondition Precondition { get; init; }

    public abstract bool IsWrite { get; }

    /// <summary>Bytes that the operation keeps in memory while it queues; a rough figure is enough.</summary>
    public virtual long Size => 256;

    /// <summary>The body that a record has after this operation has written it; null if only the owner knows it.</summary>
    public virtual ReadOnlyMemory<byte>? SentBody => null;
}
