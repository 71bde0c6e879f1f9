using Lockstep.Core.Quotas;
using Lockstep.Core.Records;

namespace Lockstep.Core.Outcomes;

/// <param name="Record">As it is now. Where its body is what the caller sent, that is not sent back: see <see cref="Operations.Operation.SentBody"/>.</param>
/// <param name="Created">Whether there was none, or a tombstone.</param>
public sealed record RecordWritten(StoredRecord Record, bool Created) : Outcome
{
    /// <summary>As it was; null where there was none, or nobody asked: see <see cref="Operations.PatchRecord.ReturnsPrevious"/>.</summary>
    public StoredRecord? Previous { get; init; }

    /// <summary>What may still be written there. Default: nothing is limited.</summary>
    public QuotaLeft QuotaLeft { get; init; }
}
