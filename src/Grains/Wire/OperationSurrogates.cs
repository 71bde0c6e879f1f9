using Lockstep.Core.Operations;
using Lockstep.Core.Patches;
using Lockstep.Core.Time;

namespace Lockstep.Grains.Wire;

/// <summary>A <see cref="ReadRecord"/>.</summary>
[GenerateSerializer, Alias("lockstep.op.read"), Immutable]
public sealed class ReadRecordSurrogate : OperationSurrogate
{
    [Id(0)]
    public required string ObjectId { get; init; }

    private protected override Operation Convert() => new ReadRecord(Target(ObjectId));
}

/// <summary>A <see cref="PutRecord"/>.</summary>
[GenerateSerializer, Alias("lockstep.op.put"), Immutable]
public sealed class PutRecordSurrogate : OperationSurrogate
{
    [Id(0)]
    public required string ObjectId { get; init; }

    /// <summary>Null keeps what is there.</summary>
    [Id(1)]
    public byte[]? Body { get; init; }

    [Id(2)]
    public long? Wish { get; init; }

    /// <summary>Sent only to a silo that acts on it: see <see cref="WireVersion"/>.</summary>
    [Id(3)]
    public AccessChangeWire? Access { get; init; }

    /// <summary>A silo of an earlier version takes it for false.</summary>
    [Id(4)]
    public bool IsRestored { get; init; }

    internal static PutRecordSurrogate From(PutRecord put) => new()
    {
        Access = AccessChangeWire.From(put.Access),
        ObjectId = put.Target.Id,
        Body = put.Body is { } body ? RecordWire.Bytes(body) : null,
        Wish = put.Hint?.Milliseconds,
        IsRestored = put.IsRestored,
    };

    private protected override Operation Convert() => new PutRecord(Target(ObjectId), Body is null ? default(ReadOnlyMemory<byte>?) : Body, Hint(Wish))
    {
        Access = Access?.ToChange(),
        IsRestored = IsRestored,
    };
}

/// <summary>A <see cref="CreateRecord"/>.</summary>
[GenerateSerializer, Alias("lockstep.op.create"), Immutable]
public sealed class CreateRecordSurrogate : OperationSurrogate
{
    [Id(0)]
    public required string ObjectId { get; init; }

    [Id(1)]
    public required byte[] Body { get; init; }

    [Id(2)]
    public long? Wish { get; init; }

    [Id(3)]
    public bool HasGeneratedId { get; init; }

    /// <summary>Sent only to a silo that acts on it: see <see cref="WireVersion"/>.</summary>
    [Id(4)]
    public AccessChangeWire? Access { get; init; }

    internal static CreateRecordSurrogate From(CreateRecord create) => new()
    {
        Access = AccessChangeWire.From(create.Access),
        ObjectId = create.Target.Id,
        Body = RecordWire.Bytes(create.Body),
        Wish = create.Hint?.Milliseconds,
        HasGeneratedId = create.HasGeneratedId,
    };

    private protected override Operation Convert() => new CreateRecord(Target(ObjectId), Body, Hint(Wish))
    {
        HasGeneratedId = HasGeneratedId,
        Access = Access?.ToChange(),
    };
}

/// <summary>A <see cref="PatchRecord"/>.</summary>
[GenerateSerializer, Alias("lockstep.op.patch"), Immutable]
public sealed class PatchRecordSurrogate : OperationSurrogate
{
    [Id(0)]
    public required string ObjectId { get; init; }

    [Id(1)]
    public PatchKind Kind { get; init; }

    [Id(2)]
    public required byte[] Patch { get; init; }

    [Id(3)]
    public int MaxBytes { get; init; }

    [Id(4)]
    public string? ReservedFlag { get; init; }

    [Id(5)]
    public bool ReturnsPrevious { get; init; }

    /// <summary>Sent only to a silo that acts on it: see <see cref="WireVersion"/>.</summary>
    [Id(6)]
    public AccessChangeWire? Access { get; init; }

    internal static PatchRecordSurrogate From(PatchRecord patch) => new()
    {
        Access = AccessChangeWire.From(patch.Access),
        ObjectId = patch.Target.Id,
        Kind = patch.Kind,
        Patch = RecordWire.Bytes(patch.Patch),
        MaxBytes = patch.MaxBytes,
        ReservedFlag = patch.ReservedFlag,
        ReturnsPrevious = patch.ReturnsPrevious,
    };

    private protected override Operation Convert() =>
        new PatchRecord(Target(ObjectId), Kind, Patch, MaxBytes, ReservedFlag)
        {
            ReturnsPrevious = ReturnsPrevious,
            Access = Access?.ToChange(),
        };
}

/// <summary>A <see cref="DeleteRecord"/>.</summary>
[GenerateSerializer, Alias("lockstep.op.delete"), Immutable]
public sealed class DeleteRecordSurrogate : OperationSurrogate
{
    [Id(0)]
    public required string ObjectId { get; init; }

    [Id(1)]
    public long? Wish { get; init; }

    internal static DeleteRecordSurrogate From(DeleteRecord delete) => new() { ObjectId = delete.Target.Id, Wish = delete.Hint?.Milliseconds };

    private protected override Operation Convert() => new DeleteRecord(Target(ObjectId), Hint(Wish));
}

/// <summary>A <see cref="ListRecords"/>.</summary>
[GenerateSerializer, Alias("lockstep.op.list"), Immutable]
public sealed class ListRecordsSurrogate : OperationSurrogate
{
    [Id(0)]
    public required QueryWire Query { get; init; }

    /// <summary>Silos that do not know it say nothing of them.</summary>
    [Id(1)]
    public CallerWire[]? AlsoFor { get; init; }

    private protected override Operation Convert() => new ListRecords(List, Query.ToQuery()) { AlsoFor = AlsoFor is null ? null : Array.ConvertAll(AlsoFor, static caller => caller.ToReader()) };
}

/// <summary>A <see cref="CountRecords"/>.</summary>
[GenerateSerializer, Alias("lockstep.op.count"), Immutable]
public sealed class CountRecordsSurrogate : OperationSurrogate
{
    [Id(0)]
    public required QueryWire Query { get; init; }

    private protected override Operation Convert() => new CountRecords(List, Query.ToQuery());
}

/// <summary>A <see cref="DeleteRecords"/>.</summary>
[GenerateSerializer, Alias("lockstep.op.delete-many"), Immutable]
public sealed class DeleteRecordsSurrogate : OperationSurrogate
{
    [Id(0)]
    public required QueryWire Query { get; init; }

    private protected override Operation Convert() => new DeleteRecords(List, Query.ToQuery());
}

/// <summary>A <see cref="PurgeTombstones"/>.</summary>
[GenerateSerializer, Alias("lockstep.op.purge"), Immutable]
public sealed class PurgeTombstonesSurrogate : OperationSurrogate
{
    [Id(0)]
    public required long Before { get; init; }

    [Id(1)]
    public required int Limit { get; init; }

    private protected override Operation Convert() => new PurgeTombstones(List, new ServerTimestamp(Before), Limit);
}

/// <summary>A <see cref="MergeRecords"/>.</summary>
[GenerateSerializer, Alias("lockstep.op.merge"), Immutable]
public sealed class MergeRecordsSurrogate : OperationSurrogate
{
    [Id(0)]
    public required RecordChangeWire[] Changes { get; init; }

    [Id(1)]
    public string? Upload { get; init; }

    [Id(2)]
    public long Quota { get; init; }

    internal static OperationSurrogate From(MergeRecords merge) => new MergeRecordsSurrogate
    {
        Changes = [.. merge.Changes.Select(RecordChangeWire.From)],
        Upload = merge.Upload,
        Quota = merge.Quota,
    };

    private protected override Operation Convert() =>
        new MergeRecords(List, Array.ConvertAll(Changes, static change => change.ToChange())) { Upload = Upload, Quota = Quota };
}

/// <summary>A <see cref="StageChanges"/>.</summary>
[GenerateSerializer, Alias("lockstep.op.stage"), Immutable]
public sealed class StageChangesSurrogate : OperationSurrogate
{
    [Id(0)]
    public required RecordChangeWire[] Changes { get; init; }

    [Id(1)]
    public required string Upload { get; init; }

    [Id(2)]
    public bool Opens { get; init; }

    [Id(3)]
    public int MaxRecords { get; init; }

    [Id(4)]
    public long MaxBytes { get; init; }

    internal static OperationSurrogate From(StageChanges stage) => new StageChangesSurrogate
    {
        Changes = [.. stage.Changes.Select(RecordChangeWire.From)],
        Upload = stage.Upload,
        Opens = stage.Opens,
        MaxRecords = stage.MaxRecords,
        MaxBytes = stage.MaxBytes,
    };

    private protected override Operation Convert() => new StageChanges(List, Upload, Array.ConvertAll(Changes, static change => change.ToChange()))
    {
        Opens = Opens,
        MaxRecords = MaxRecords,
        MaxBytes = MaxBytes,
    };
}

/// <summary>A <see cref="ReadLists"/>.</summary>
[GenerateSerializer, Alias("lockstep.op.lists"), Immutable]
public sealed class ReadListsSurrogate : OperationSurrogate
{
    [Id(0)]
    public bool Exact { get; init; }

    private protected override Operation Convert() => new ReadLists(Exact);
}

/// <summary>An <see cref="ExpireRecords"/>.</summary>
[GenerateSerializer, Alias("lockstep.op.expire"), Immutable]
public sealed class ExpireRecordsSurrogate : OperationSurrogate
{
    [Id(0)]
    public required int Limit { get; init; }

    private protected override Operation Convert() => new ExpireRecords(List, Limit);
}

/// <summary>A <see cref="ReadAsOf"/>.</summary>
[GenerateSerializer, Alias("lockstep.op.as-of"), Immutable]
public sealed class ReadAsOfSurrogate : OperationSurrogate
{
    [Id(0)]
    public required long At { get; init; }

    [Id(1)]
    public string? AfterId { get; init; }

    [Id(2)]
    public string? ObjectId { get; init; }

    [Id(3)]
    public bool OnlyChanged { get; init; }

    [Id(4)]
    public required int Limit { get; init; }

    [Id(5)]
    public required long MaxBytes { get; init; }

    internal static OperationSurrogate From(ReadAsOf read) => new ReadAsOfSurrogate
    {
        At = read.At.Milliseconds,
        AfterId = read.AfterId,
        ObjectId = read.Id,
        OnlyChanged = read.OnlyChanged,
        Limit = read.Limit,
        MaxBytes = read.MaxBytes,
    };

    private protected override Operation Convert() => new ReadAsOf(List, new ServerTimestamp(At))
    {
        AfterId = AfterId,
        Id = ObjectId,
        OnlyChanged = OnlyChanged,
        Limit = Limit,
        MaxBytes = MaxBytes,
    };
}

/// <summary>A <see cref="ReadFieldIndexes"/>.</summary>
[GenerateSerializer, Alias("lockstep.op.field-indexes"), Immutable]
public sealed class ReadFieldIndexesSurrogate : OperationSurrogate
{
    private protected override Operation Convert() => new ReadFieldIndexes(List);
}

/// <summary>An <see cref="AttachFile"/>.</summary>
[GenerateSerializer, Alias("lockstep.op.attach"), Immutable]
public sealed class AttachFileSurrogate : OperationSurrogate
{
    [Id(0)]
    public required string ObjectId { get; init; }

    [Id(1)]
    public required byte[] Body { get; init; }

    [Id(2)]
    public int MaxBytes { get; init; }

    /// <summary>Null only asks.</summary>
    [Id(3)]
    public string? FileId { get; init; }

    [Id(4)]
    public long FileBytes { get; init; }

    [Id(5)]
    public long Until { get; init; }

    [Id(6)]
    public AccessChangeWire? Access { get; init; }

    internal static AttachFileSurrogate From(AttachFile attach) => new()
    {
        ObjectId = attach.Target.Id,
        Body = RecordWire.Bytes(attach.Body),
        MaxBytes = attach.MaxBytes,
        FileId = attach.File,
        FileBytes = attach.FileBytes,
        Until = attach.Until.Milliseconds,
        Access = AccessChangeWire.From(attach.Access),
    };

    private protected override Operation Convert() => new AttachFile(Target(ObjectId), Body, MaxBytes)
    {
        File = FileId,
        FileBytes = FileBytes,
        Until = new ServerTimestamp(Until),
        Access = Access?.ToChange(),
    };
}

/// <summary>A <see cref="ReleaseFile"/>.</summary>
[GenerateSerializer, Alias("lockstep.op.release"), Immutable]
public sealed class ReleaseFileSurrogate : OperationSurrogate
{
    [Id(0)]
    public required string FileId { get; init; }

    [Id(1)]
    public required string RecordId { get; init; }

    private protected override Operation Convert() => new ReleaseFile(List, FileId, RecordId);
}
