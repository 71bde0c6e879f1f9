using Lockstep.Core.Lists;
using Lockstep.Core.Records;

namespace Lockstep.Core.Operations;

/// <summary>Kinto: GET of a list.</summary>
public sealed record ListRecords(ListRef List, ListQuery Query) : Operation
{
    /// <summary>
    /// Others for whom the page may do as well: the outcome says for whom it does (<see cref="Outcomes.PageFound.SameFor"/>), and what the view rests on. Default: null, and then it says nothing
    /// of either.
    /// </summary>
    public IReadOnlyList<OtherReader>? AlsoFor { get; init; }

    public override bool IsWrite => false;

    public override long Size => base.Size + Query.Size + ((AlsoFor?.Count ?? 0) * 128L);
}
