using Lockstep.Core.Operations;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Time;

namespace Lockstep.Grains.Wire;

/// <summary>An <see cref="Outcome"/>.</summary>
[GenerateSerializer, Alias("lockstep.outcome.base"), Immutable]
public abstract class OutcomeSurrogate
{
    /// <param name="outcome">What happened.</param>
    /// <param name="operation">To what.</param>
    internal static OutcomeSurrogate From(Outcome outcome, Operation operation) => outcome switch
    {
        AccountClosed => new AccountClosedSurrogate(),
        ChangesStaged staged => new ChangesStagedSurrogate { Stamp = staged.ListStamp.Milliseconds },
        CountFound found => new CountFoundSurrogate { Count = found.Count, Stamp = found.ListStamp.Milliseconds },
        FieldIndexesFound found => FieldIndexesFoundSurrogate.From(found),
        Forbidden => new ForbiddenSurrogate(),
        Invalid invalid => InvalidSurrogate.From(invalid),
        ListsFound found => ListsFoundSurrogate.From(found),
        Missing missing => new MissingSurrogate { Role = missing.Target.List.Role, ListName = missing.Target.List.Name, ObjectId = missing.Target.Id },
        NotModified same => new NotModifiedSurrogate { Stamp = same.Stamp.Milliseconds },
        OverQuota over => new OverQuotaSurrogate { Reason = over.Reason },
        PageFound page => new PageFoundSurrogate
        {
            Records = new RecordPage(page.Records), Stamp = page.ListStamp.Milliseconds, Next = CursorWire.From(page.Next), Total = page.Total,
            SameFor = page.SameFor is { } same ? [.. same] : null, IsSettled = page.IsSettled, SettledTo = page.SettledTo?.Milliseconds,
        },
        ParentMissing missing => new ParentMissingSurrogate
        {
            Role = missing.Parent.List.Role, ListName = missing.Parent.List.Name, ObjectId = missing.Parent.Id,
        },
        PreconditionFailed failed => new PreconditionFailedSurrogate { Existing = RecordWire.From(failed.Existing), Stamp = failed.Stamp.Milliseconds },
        RecordDeleted deleted => new RecordDeletedSurrogate { Tombstone = RecordWire.From(deleted.Tombstone) },
        RecordFound found => new RecordFoundSurrogate { Record = RecordWire.From(found.Record) },
        RecordKept kept => new RecordKeptSurrogate { Record = RecordWire.From(kept.Record) },
        RecordsMerged merged => new RecordsMergedSurrogate
        {
            Stamp = merged.ListStamp.Milliseconds, QuotaLeft = merged.QuotaLeft == long.MaxValue ? null : merged.QuotaLeft,
        },
        RecordWritten written => RecordWrittenSurrogate.From(written, operation),
        RecordsDeleted deleted => new RecordsDeletedSurrogate
        {
            Tombstones = new RecordPage(deleted.Tombstones), Stamp = deleted.ListStamp.Milliseconds, Next = CursorWire.From(deleted.Next),
        },
        Refused refused => InvalidSurrogate.From(refused),
        TooLarge large => new TooLargeSurrogate { Reason = large.Reason },
        Unavailable unavailable => new UnavailableSurrogate { Reason = unavailable.Reason },
        _ => throw new InvalidOperationException($"Unknown outcome {outcome.GetType().Name}."),
    };

    /// <param name="operation">What it answers.</param>
    internal abstract Outcome ToOutcome(Operation operation);

    private protected static ServerTimestamp At(long milliseconds) => new(milliseconds);
}
