namespace Lockstep.Core.Operations;

/// <summary>One thing to do in one bucket. Every protocol is reduced to these; the set is closed.</summary>
public abstract record Operation
{
    public Precondition Precondition { get; init; }

    public abstract bool IsWrite { get; }

    /// <summary>Bytes that the operation keeps in memory while it queues; a rough figure is enough.</summary>
    public virtual long Size => 256;

    /// <summary>The body that a record has once this has written it; null where only the owner knows that.</summary>
    public virtual ReadOnlyMemory<byte>? SentBody => null;
}
