using Lockstep.Core.Quotas;
using Lockstep.Core.Records;

namespace Lockstep.Core.Outcomes;

/// <param name="Record">The new record. If its body is the one that the caller sent, it is not sent back between processes: see <see cref="Operations.Operation.SentBody"/>.</param>
/// <param name="Created">Whether there was none before, or a tombstone.</param>
public sealed record RecordWritten(StoredRecord Record, bool Created) : Outcome
{
    /// <summary>The record before the write; null if there was none, or it was not requested: see <see cref="Operations.PatchRecord.ReturnsPrevious"/>.</summary>
    public StoredRecord? Previous { get; init; }

    /// <summary>How much may still be written there. Default: no limits.</summary>
    public QuotaLeft QuotaLeft { get; init; }
}
