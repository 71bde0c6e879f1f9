using Lockstep.Core.Lists;
using Lockstep.Core.Records;

namespace Lockstep.Core.Operations;

/// <summary>Reads a page of a list.</summary>
/// <remarks>Kinto: GET of a list. Sync: GET of a collection.</remarks>
public sealed record ListRecords(ListRef List, ListQuery Query) : Operation
{
    /// <summary>
    /// Other readers who might get the same page. The outcome says which of them would (<see cref="Outcomes.PageFound.SameFor"/>), and what the view depends on. Default: null, and the outcome says
    /// neither.
    /// </summary>
    public IReadOnlyList<OtherReader>? AlsoFor { get; init; }

    public override bool IsWrite => false;

    public override long Size => base.Size + Query.Size + ((AlsoFor?.Count ?? 0) * 128L);
}
