using Lockstep.Core.Records;

namespace Lockstep.Core.Owner;

/// <summary>The rows of a list that a caller sees who does not see all of it.</summary>
/// <param name="Principals">The principals by which the store finds candidates.</param>
/// <param name="IsVisible">Decides for each candidate.</param>
internal sealed record VisibleRows(IReadOnlyList<string> Principals, Func<StoredRecord, bool> IsVisible);
