using Lockstep.Core.Lists;
using Lockstep.Core.Records;

namespace Lockstep.Core.Operations;

/// <summary>Kinto: HEAD of a list. Counts live records that match, on all pages.</summary>
public sealed record CountRecords(ListRef List, ListQuery Query) : Operation
{
    public override bool IsWrite => false;

    public override long Size => base.Size + Query.Size;
}
