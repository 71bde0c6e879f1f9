using Lockstep.Core.Records;
using Lockstep.Core.Time;

namespace Lockstep.Core.Outcomes;

/// <param name="Existing">The object as it is, for a caller who may read it; null when there is none or the list was judged.</param>
/// <param name="Stamp">The stamp of what was judged; of the list when the object is missing.</param>
public sealed record PreconditionFailed(StoredRecord? Existing, ServerTimestamp Stamp) : Outcome;
