using Lockstep.Core.Records;

namespace Lockstep.Core.Outcomes;

/// <param name="Record">As it is now. Where the caller sent its body, that is not sent back: see <see cref="Operations.Operation.SentBody"/>.</param>
/// <param name="Created">Whether there was none, or a tombstone.</param>
public sealed record RecordWritten(StoredRecord Record, bool Created) : Outcome
{
    /// <summary>As it was; null where there was none, or nobody asked: see <see cref="Operations.PatchRecord.ReturnsPrevious"/>.</summary>
    public StoredRecord? Previous { get; init; }
}
