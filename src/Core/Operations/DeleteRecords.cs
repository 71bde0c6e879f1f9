using Lockstep.Core.Lists;
using Lockstep.Core.Records;

namespace Lockstep.Core.Operations;

/// <summary>Kinto: DELETE on a list. Deletes matching live records atomically, at most the query's limit.</summary>
public sealed record DeleteRecords(ListRef List, ListQuery Query) : Operation
{
    public override bool IsWrite => true;

    public override long Size => base.Size + Query.Size;
}
