using Lockstep.Core.Records;
using Lockstep.Core.Time;

namespace Lockstep.Core.Outcomes;

/// <param name="Existing">The current object, for a caller who may read it; null if there is none or the list was judged.</param>
/// <param name="Stamp">The stamp of the judged subject; of the list if the object is missing.</param>
public sealed record PreconditionFailed(StoredRecord? Existing, ServerTimestamp Stamp) : Outcome;
