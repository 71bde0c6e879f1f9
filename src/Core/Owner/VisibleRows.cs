using Lockstep.Core.Records;

namespace Lockstep.Core.Owner;

/// <summary>Which rows of a list somebody sees who does not see all.</summary>
/// <param name="Principals">As what the store finds candidates.</param>
/// <param name="IsVisible">What decides of each.</param>
internal sealed record VisibleRows(IReadOnlyList<string> Principals, Func<StoredRecord, bool> IsVisible);
