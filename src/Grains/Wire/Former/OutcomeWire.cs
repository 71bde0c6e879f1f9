using Lockstep.Core.Outcomes;
using Lockstep.Core.Records;
using Lockstep.Core.Time;

namespace Lockstep.Grains.Wire.Former;

/// <summary>An <see cref="Outcome"/>; which members count depends on its kind.</summary>
[GenerateSerializer, Alias("lockstep.outcome"), Immutable]
public sealed class OutcomeWire
{
    [Id(0)]
    public required OutcomeKind Kind { get; init; }

    /// <summary>The record found, written, kept, deleted; or the existing one.</summary>
    [Id(1)]
    public RecordWire? Record { get; init; }

    /// <summary>
    /// The record as it was before a write. Where that is not known, one without data: 0.1.0 looks only at whether there was one,
    /// except after a patch.
    /// </summary>
    [Id(2)]
    public RecordWire? Previous { get; init; }

    /// <summary>A page, or tombstones; see <see cref="RecordPack"/>.</summary>
    [Id(3)]
    public byte[][]? Records { get; init; }

    /// <summary>Of the list, or of what a precondition judged.</summary>
    [Id(4)]
    public long Stamp { get; init; }

    [Id(5)]
    public CursorWire? Next { get; init; }

    [Id(6)]
    public long Count { get; init; }

    /// <summary>Of the object that is missing.</summary>
    [Id(7)]
    public ListRole Role { get; init; }

    [Id(8)]
    public string? List { get; init; }

    [Id(9)]
    public string? ObjectId { get; init; }

    /// <summary>For a person.</summary>
    [Id(10)]
    public string? Reason { get; init; }

    [Id(11)]
    public string? Location { get; init; }

    [Id(12)]
    public string? Field { get; init; }

    [Id(13)]
    public UnavailableReason Unavailable { get; init; }

    internal static OutcomeWire From(Outcome outcome) => outcome switch
    {
        CountFound found => new() { Kind = OutcomeKind.CountFound, Count = found.Count, Stamp = found.ListStamp.Milliseconds },
        Forbidden => new() { Kind = OutcomeKind.Forbidden },
        Invalid invalid => Of(InvalidWords.Of(invalid)),
        Missing missing => Of(OutcomeKind.Missing, missing.Target),
        NotModified same => new() { Kind = OutcomeKind.NotModified, Stamp = same.Stamp.Milliseconds },
        PageFound page => new()
        {
            Kind = OutcomeKind.PageFound,
            Records = RecordPack.Pack(page.Records),
            Stamp = page.ListStamp.Milliseconds,
            Next = CursorWire.From(page.Next),
        },
        ParentMissing missing => Of(OutcomeKind.ParentMissing, missing.Parent),
        PreconditionFailed failed => new()
        {
            Kind = OutcomeKind.PreconditionFailed, Record = RecordWire.From(failed.Existing), Stamp = failed.Stamp.Milliseconds,
        },
        RecordDeleted deleted => new() { Kind = OutcomeKind.RecordDeleted, Record = RecordWire.From(deleted.Tombstone) },
        RecordFound found => new() { Kind = OutcomeKind.RecordFound, Record = RecordWire.From(found.Record) },
        RecordKept kept => new() { Kind = OutcomeKind.RecordKept, Record = RecordWire.From(kept.Record) },
        RecordWritten written => new()
        {
            Kind = OutcomeKind.RecordWritten,
            Record = RecordWire.From(written.Record),
            Previous = RecordWire.From(written.Created ? null : written.Previous ?? Unknown(written.Record.Id)),
        },
        RecordsDeleted deleted => new()
        {
            Kind = OutcomeKind.RecordsDeleted,
            Records = RecordPack.Pack(deleted.Tombstones),
            Stamp = deleted.ListStamp.Milliseconds,
            Next = CursorWire.From(deleted.Next),
        },
        Refused refused => Of(refused),
        TooLarge large => new() { Kind = OutcomeKind.TooLarge, Reason = large.Reason },

        // What 0.1.0 has for it.
        OverQuota over => new() { Kind = OutcomeKind.TooLarge, Reason = over.Reason ?? "The quota is used up." },
        Unavailable unavailable => new() { Kind = OutcomeKind.Unavailable, Unavailable = unavailable.Reason },
        _ => throw new InvalidOperationException($"Unknown outcome {outcome.GetType().Name}."),
    };

    internal Outcome ToOutcome() => Kind switch
    {
        OutcomeKind.CountFound => new CountFound(Count, new ServerTimestamp(Stamp)),
        OutcomeKind.Forbidden => Forbidden.Instance,
        OutcomeKind.Invalid => new Refused(Location!, Field, Reason!),
        OutcomeKind.Missing => new Missing(Target),
        OutcomeKind.NotModified => new NotModified(new ServerTimestamp(Stamp)),
        OutcomeKind.PageFound => new PageFound(RecordPack.Unpack(Records!), new ServerTimestamp(Stamp), Next?.ToCursor()),
        OutcomeKind.ParentMissing => new ParentMissing(Target),
        OutcomeKind.PreconditionFailed => new PreconditionFailed(Record?.ToRecord(), new ServerTimestamp(Stamp)),
        OutcomeKind.RecordDeleted => new RecordDeleted(Record!.ToRecord()),
        OutcomeKind.RecordFound => new RecordFound(Record!.ToRecord()),
        OutcomeKind.RecordKept => new RecordKept(Record!.ToRecord()),
        OutcomeKind.RecordWritten => new RecordWritten(Record!.ToRecord(), Previous is null or { IsTombstone: true })
        {
            Previous = Previous is { IsTombstone: false } ? Previous.ToRecord() : null,
        },
        OutcomeKind.RecordsDeleted => new RecordsDeleted(RecordPack.Unpack(Records!), new ServerTimestamp(Stamp), Next?.ToCursor()),
        OutcomeKind.TooLarge => new TooLarge(Reason!),
        OutcomeKind.Unavailable => new Unavailable(Unavailable),
        _ => throw new NotSupportedException($"Outcome {Kind} comes from a newer version."),
    };

    private static StoredRecord Unknown(string id) => new() { Id = id, Modified = ServerTimestamp.Zero, Body = RecordData.EmptyObject };

    private ObjectRef Target => new(new ListRef(Role, List!), ObjectId!);

    private static OutcomeWire Of(Refused refused) =>
        new() { Kind = OutcomeKind.Invalid, Location = refused.Location, Field = refused.Field, Reason = refused.Reason };

    private static OutcomeWire Of(OutcomeKind kind, ObjectRef target) =>
        new() { Kind = kind, Role = target.List.Role, List = target.List.Name, ObjectId = target.Id };
}
