using Lockstep.Core.Lists;
using Lockstep.Core.Records;

namespace Lockstep.Core.Operations;

/// <summary>Kinto: GET of a list.</summary>
public sealed record ListRecords(ListRef List, ListQuery Query) : Operation
{
    public override bool IsWrite => false;

    public override long Size => base.Size + Query.Size;
}
