using Lockstep.Core.Lists;
using Lockstep.Core.Records;

namespace Lockstep.Core.Operations;

/// <summary>Counts live records of a list that match, on all pages.</summary>
/// <remarks>Kinto: HEAD of a list.</remarks>
public sealed record CountRecords(ListRef List, ListQuery Query) : Operation
{
    public override bool IsWrite => false;

    public override long Size => base.Size + Query.Size;
}
