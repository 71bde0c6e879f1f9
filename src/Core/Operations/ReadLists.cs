namespace Lockstep.Core.Operations;

/// <summary>Sync: summarizes each collection, without its records.</summary>
/// <param name="Exact">Whether counts and bytes are wanted, which must exclude expired records.</param>
public sealed record ReadLists(bool Exact) : Operation
{
    public override bool IsWrite => false;
}
