namespace Lockstep.Core.Operations;

/// <summary>
/// Summarizes each collection, without its records. No rights are checked, in buckets that have some either: who carries it out has found out that the caller owns the bucket
/// or administers the server, or shows nobody the answer.
/// </summary>
/// <remarks>Sync: the collections of a storage, their counts, and their use.</remarks>
/// <param name="Exact">Whether counts and bytes are wanted, which must exclude expired records.</param>
public sealed record ReadLists(bool Exact) : Operation
{
    public override bool IsWrite => false;
}
