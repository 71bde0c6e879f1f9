using Lockstep.Core.Lists;
using Lockstep.Core.Records;

namespace Lockstep.Core.Operations;

/// <summary>Deletes matching live records of a list atomically, at most the query's limit.</summary>
/// <remarks>Kinto: DELETE on a list.</remarks>
public sealed record DeleteRecords(ListRef List, ListQuery Query) : Operation
{
    public override bool IsWrite => true;

    public override long Size => base.Size + Query.Size;
}
