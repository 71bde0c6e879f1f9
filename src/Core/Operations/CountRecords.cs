using Lockstep.Core.Lists;
using Lockstep.Core.Records;

namespace Lockstep.Core.Operations;

/// <summary>Kinto: HEAD of a list. Live records that match, however many pages they fill.</summary>
public sealed record CountRecords(ListRef List, ListQuery Query) : Operation
{
    public override bool IsWrite => false;

    public override long Size => base.Size + Query.Size;
}
