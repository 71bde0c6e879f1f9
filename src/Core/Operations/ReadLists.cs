namespace Lockstep.Core.Operations;

/// <summary>Sync: what there is of each collection, without its records.</summary>
/// <param name="Exact">Whether counts and bytes are wanted, and so must leave out what has expired.</param>
public sealed record ReadLists(bool Exact) : Operation
{
    public override bool IsWrite => false;
}
