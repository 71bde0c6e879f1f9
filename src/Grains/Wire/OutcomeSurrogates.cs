using Lockstep.Core.Operations;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Quotas;
using Lockstep.Core.Records;

namespace Lockstep.Grains.Wire;

/// <summary>An <see cref="AccountClosed"/>. Told only to who has named an account's number.</summary>
[GenerateSerializer, Alias("lockstep.outcome.account-closed"), Immutable]
public sealed class AccountClosedSurrogate : OutcomeSurrogate
{
    internal override Outcome ToOutcome(Operation operation) => AccountClosed.Instance;
}

/// <summary>A <see cref="CountFound"/>.</summary>
[GenerateSerializer, Alias("lockstep.outcome.count"), Immutable]
public sealed class CountFoundSurrogate : OutcomeSurrogate
{
    [Id(0)]
    public long Count { get; init; }

    [Id(1)]
    public long Stamp { get; init; }

    internal override Outcome ToOutcome(Operation operation) => new CountFound(Count, At(Stamp));
}

/// <summary>A <see cref="Forbidden"/>.</summary>
[GenerateSerializer, Alias("lockstep.outcome.forbidden"), Immutable]
public sealed class ForbiddenSurrogate : OutcomeSurrogate
{
    internal override Outcome ToOutcome(Operation operation) => Forbidden.Instance;
}

/// <summary>An <see cref="Invalid"/>, or what is <see cref="Refused"/>.</summary>
[GenerateSerializer, Alias("lockstep.outcome.invalid"), Immutable]
public sealed class InvalidSurrogate : OutcomeSurrogate
{
    [Id(0)]
    public required string Location { get; init; }

    [Id(1)]
    public string? Field { get; init; }

    /// <summary>For a person.</summary>
    [Id(2)]
    public required string Reason { get; init; }

    /// <summary>Of an <see cref="Invalid"/>. <see cref="InvalidReason.Unknown"/> also from silos that tell only the words.</summary>
    [Id(3)]
    public InvalidReason Code { get; init; }

    [Id(4)]
    public long? Figure { get; init; }

    [Id(5)]
    public string? Detail { get; init; }

    internal static InvalidSurrogate From(Invalid invalid) => From(InvalidWords.Of(invalid), invalid.Reason, invalid.Figure, invalid.Detail);

    internal static InvalidSurrogate From(Refused refused, InvalidReason code = InvalidReason.Unknown, long? figure = null, string? detail = null) => new()
    {
        Location = refused.Location, Field = refused.Field, Reason = refused.Reason, Code = code, Figure = figure, Detail = detail,
    };

    // The words are enough for what a newer silo has a reason of its own for.
    internal override Outcome ToOutcome(Operation operation) =>
        Code != InvalidReason.Unknown && Enum.IsDefined(Code) ? new Invalid(Code, Figure, Detail) : new Refused(Location, Field, Reason);
}

/// <summary>A <see cref="Missing"/>.</summary>
[GenerateSerializer, Alias("lockstep.outcome.missing"), Immutable]
public sealed class MissingSurrogate : OutcomeSurrogate
{
    [Id(0)]
    public ListRole Role { get; init; }

    [Id(1)]
    public required string ListName { get; init; }

    [Id(2)]
    public required string ObjectId { get; init; }

    internal override Outcome ToOutcome(Operation operation) => new Missing(new ObjectRef(new ListRef(Role, ListName), ObjectId));
}

/// <summary>A <see cref="NotModified"/>.</summary>
[GenerateSerializer, Alias("lockstep.outcome.not-modified"), Immutable]
public sealed class NotModifiedSurrogate : OutcomeSurrogate
{
    [Id(0)]
    public long Stamp { get; init; }

    internal override Outcome ToOutcome(Operation operation) => new NotModified(At(Stamp));
}

/// <summary>A <see cref="PageFound"/>.</summary>
[GenerateSerializer, Alias("lockstep.outcome.page"), Immutable]
public sealed class PageFoundSurrogate : OutcomeSurrogate
{
    [Id(0)]
    public required RecordPage Records { get; init; }

    [Id(1)]
    public long Stamp { get; init; }

    [Id(2)]
    public CursorWire? Next { get; init; }

    /// <summary>Null also from silos that do not tell it.</summary>
    [Id(3)]
    public long? Total { get; init; }

    /// <summary>Null also from silos that do not tell it.</summary>
    [Id(4)]
    public int[]? SameFor { get; init; }

    /// <summary>False also from silos that do not tell it.</summary>
    [Id(5)]
    public bool IsSettled { get; init; }

    /// <summary>Null also from silos that do not tell it.</summary>
    [Id(6)]
    public long? SettledTo { get; init; }

    internal override Outcome ToOutcome(Operation operation) => new PageFound(Records.Records, At(Stamp), Next?.ToCursor())
    {
        Total = Total, SameFor = SameFor, IsSettled = IsSettled, SettledTo = SettledTo is { } stamp ? At(stamp) : null,
    };
}

/// <summary>A <see cref="ParentMissing"/>.</summary>
[GenerateSerializer, Alias("lockstep.outcome.parent-missing"), Immutable]
public sealed class ParentMissingSurrogate : OutcomeSurrogate
{
    [Id(0)]
    public ListRole Role { get; init; }

    [Id(1)]
    public required string ListName { get; init; }

    [Id(2)]
    public required string ObjectId { get; init; }

    internal override Outcome ToOutcome(Operation operation) => new ParentMissing(new ObjectRef(new ListRef(Role, ListName), ObjectId));
}

/// <summary>A <see cref="PreconditionFailed"/>.</summary>
[GenerateSerializer, Alias("lockstep.outcome.precondition-failed"), Immutable]
public sealed class PreconditionFailedSurrogate : OutcomeSurrogate
{
    [Id(0)]
    public RecordWire? Existing { get; init; }

    [Id(1)]
    public long Stamp { get; init; }

    internal override Outcome ToOutcome(Operation operation) => new PreconditionFailed(Existing?.ToRecord(), At(Stamp));
}

/// <summary>A <see cref="RecordDeleted"/>.</summary>
[GenerateSerializer, Alias("lockstep.outcome.deleted"), Immutable]
public sealed class RecordDeletedSurrogate : OutcomeSurrogate
{
    [Id(0)]
    public required RecordWire Tombstone { get; init; }

    internal override Outcome ToOutcome(Operation operation) => new RecordDeleted(Tombstone.ToRecord());
}

/// <summary>A <see cref="RecordFound"/>.</summary>
[GenerateSerializer, Alias("lockstep.outcome.found"), Immutable]
public sealed class RecordFoundSurrogate : OutcomeSurrogate
{
    [Id(0)]
    public required RecordWire Record { get; init; }

    internal override Outcome ToOutcome(Operation operation) => new RecordFound(Record.ToRecord());
}

/// <summary>A <see cref="RecordKept"/>.</summary>
[GenerateSerializer, Alias("lockstep.outcome.kept"), Immutable]
public sealed class RecordKeptSurrogate : OutcomeSurrogate
{
    [Id(0)]
    public required RecordWire Record { get; init; }

    internal override Outcome ToOutcome(Operation operation) => new RecordKept(Record.ToRecord());
}

/// <summary>A <see cref="RecordWritten"/>, without the body where it is what the caller sent.</summary>
[GenerateSerializer, Alias("lockstep.outcome.written"), Immutable]
public sealed class RecordWrittenSurrogate : OutcomeSurrogate
{
    /// <summary>The record, or all of it but the body.</summary>
    [Id(0)]
    public required RecordWire Record { get; init; }

    [Id(1)]
    public bool Created { get; init; }

    [Id(2)]
    public RecordWire? Previous { get; init; }

    /// <summary>Null for no limit, and from silos that do not count it.</summary>
    [Id(3)]
    public long? BytesLeft { get; init; }

    /// <summary>Null for no limit, and from silos that do not count them.</summary>
    [Id(4)]
    public long? RecordsLeft { get; init; }

    internal static RecordWrittenSurrogate From(RecordWritten written, Operation operation) => new()
    {
        BytesLeft = written.QuotaLeft.Bytes,
        RecordsLeft = written.QuotaLeft.Records,
        Record = RecordWire.From(operation.SentBody is { } sent && sent.Equals(written.Record.Body) ? written.Record with { Body = default } : written.Record),
        Created = written.Created,
        Previous = RecordWire.From(written.Previous),
    };

    internal override Outcome ToOutcome(Operation operation)
    {
        var record = Record.ToRecord();
        return new RecordWritten(record.Body.IsEmpty && operation.SentBody is { } sent ? record with { Body = sent } : record, Created)
        {
            Previous = Previous?.ToRecord(),
            QuotaLeft = new QuotaLeft(BytesLeft, RecordsLeft),
        };
    }
}

/// <summary>A <see cref="RecordsDeleted"/>.</summary>
[GenerateSerializer, Alias("lockstep.outcome.deleted-many"), Immutable]
public sealed class RecordsDeletedSurrogate : OutcomeSurrogate
{
    [Id(0)]
    public required RecordPage Tombstones { get; init; }

    [Id(1)]
    public long Stamp { get; init; }

    [Id(2)]
    public CursorWire? Next { get; init; }

    internal override Outcome ToOutcome(Operation operation) => new RecordsDeleted(Tombstones.Records, At(Stamp), Next?.ToCursor());
}

/// <summary>A <see cref="TooLarge"/>.</summary>
[GenerateSerializer, Alias("lockstep.outcome.too-large"), Immutable]
public sealed class TooLargeSurrogate : OutcomeSurrogate
{
    /// <summary>For a person.</summary>
    [Id(0)]
    public required string Reason { get; init; }

    internal override Outcome ToOutcome(Operation operation) => new TooLarge(Reason);
}

/// <summary>An <see cref="Unavailable"/>.</summary>
[GenerateSerializer, Alias("lockstep.outcome.unavailable"), Immutable]
public sealed class UnavailableSurrogate : OutcomeSurrogate
{
    [Id(0)]
    public UnavailableReason Reason { get; init; }

    internal override Outcome ToOutcome(Operation operation) => new Unavailable(Reason);
}

/// <summary>A <see cref="ChangesStaged"/>.</summary>
[GenerateSerializer, Alias("lockstep.outcome.staged"), Immutable]
public sealed class ChangesStagedSurrogate : OutcomeSurrogate
{
    [Id(0)]
    public long Stamp { get; init; }

    internal override Outcome ToOutcome(Operation operation) => new ChangesStaged(At(Stamp));
}

/// <summary>A <see cref="ListsFound"/>: one entry a list in each array.</summary>
[GenerateSerializer, Alias("lockstep.outcome.lists"), Immutable]
public sealed class ListsFoundSurrogate : OutcomeSurrogate
{
    [Id(0)]
    public required string[] Names { get; init; }

    [Id(1)]
    public required long[] Stamps { get; init; }

    [Id(2)]
    public required long[] Counts { get; init; }

    [Id(3)]
    public required long[] Bytes { get; init; }

    [Id(4)]
    public long Stamp { get; init; }

    internal static ListsFoundSurrogate From(ListsFound found) => new()
    {
        Names = [.. found.Lists.Select(static list => list.Name)],
        Stamps = [.. found.Lists.Select(static list => list.Stamp.Milliseconds)],
        Counts = [.. found.Lists.Select(static list => list.Count)],
        Bytes = [.. found.Lists.Select(static list => list.Bytes)],
        Stamp = found.Stamp.Milliseconds,
    };

    internal override Outcome ToOutcome(Operation operation) => new ListsFound(
        [.. Names.Select((name, i) => new ListSummary(name, At(Stamps[i]), Counts[i], Bytes[i]))], At(Stamp));
}

/// <summary>An <see cref="OverQuota"/>.</summary>
[GenerateSerializer, Alias("lockstep.outcome.over-quota"), Immutable]
public sealed class OverQuotaSurrogate : OutcomeSurrogate
{
    /// <summary>For a person. Null also from silos that know one limit only.</summary>
    [Id(0)]
    public string? Reason { get; init; }

    internal override Outcome ToOutcome(Operation operation) => new OverQuota(Reason);
}

/// <summary>A <see cref="RecordsMerged"/>.</summary>
[GenerateSerializer, Alias("lockstep.outcome.merged"), Immutable]
public sealed class RecordsMergedSurrogate : OutcomeSurrogate
{
    [Id(0)]
    public long Stamp { get; init; }

    /// <summary>Null also from silos that do not count it.</summary>
    [Id(1)]
    public long? QuotaLeft { get; init; }

    internal override Outcome ToOutcome(Operation operation) => new RecordsMerged(At(Stamp), QuotaLeft ?? long.MaxValue);
}

/// <summary>A <see cref="FieldIndexesFound"/>: one entry an index in each array.</summary>
[GenerateSerializer, Alias("lockstep.outcome.field-indexes"), Immutable]
public sealed class FieldIndexesFoundSurrogate : OutcomeSurrogate
{
    [Id(0)]
    public required string[] Paths { get; init; }

    [Id(1)]
    public required long[] Built { get; init; }

    [Id(2)]
    public required bool[] Usable { get; init; }

    [Id(3)]
    public long Records { get; init; }

    internal static FieldIndexesFoundSurrogate From(FieldIndexesFound found) => new()
    {
        Paths = [.. found.Indexes.Select(static index => index.Path)],
        Built = [.. found.Indexes.Select(static index => index.Built)],
        Usable = [.. found.Indexes.Select(static index => index.IsUsable)],
        Records = found.Records,
    };

    internal override Outcome ToOutcome(Operation operation) =>
        new FieldIndexesFound([.. Paths.Select((path, i) => new FieldIndexProgress(path, Built[i], Usable[i]))], Records);
}
