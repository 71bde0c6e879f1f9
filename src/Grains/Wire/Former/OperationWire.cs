using Lockstep.Core.Lists;
using Lockstep.Core.Operations;
using Lockstep.Core.Patches;
using Lockstep.Core.Records;
using Lockstep.Core.Time;

namespace Lockstep.Grains.Wire.Former;

/// <summary>
/// An <see cref="Operation"/>; which members count depends on its kind. It says nothing of a precondition's second test, of a
/// generated id and of a reserved flag: 0.1.0 knows none of them.
/// </summary>
[GenerateSerializer, Alias("lockstep.operation"), Immutable]
public sealed class OperationWire
{
    [Id(0)]
    public required OperationKind Kind { get; init; }

    [Id(1)]
    public required ListRole Role { get; init; }

    /// <summary>The list's name.</summary>
    [Id(2)]
    public required string List { get; init; }

    /// <summary>The object's id; null for operations on lists.</summary>
    [Id(3)]
    public string? Id { get; init; }

    /// <summary>Data or patch.</summary>
    [Id(4)]
    public byte[]? Body { get; init; }

    [Id(5)]
    public long? Hint { get; init; }

    [Id(6)]
    public PatchKind PatchKind { get; init; }

    [Id(7)]
    public int MaxBytes { get; init; }

    [Id(8)]
    public QueryWire? Query { get; init; }

    [Id(9)]
    public PreconditionScope Scope { get; init; }

    [Id(10)]
    public PreconditionTest Test { get; init; }

    [Id(11)]
    public long Stamp { get; init; }

    internal static OperationWire From(Operation operation)
    {
        var wire = operation switch
        {
            ReadRecord read => On(OperationKind.Read, read.Target),
            PutRecord put => On(OperationKind.Put, put.Target, put.Body, put.Hint),
            CreateRecord create => On(OperationKind.Create, create.Target, create.Body, create.Hint),
            PatchRecord patch => On(OperationKind.Patch, patch.Target, patch.Patch, hint: null, patch.Kind, patch.MaxBytes),
            DeleteRecord delete => On(OperationKind.Delete, delete.Target, body: null, delete.Hint),
            ListRecords list => On(OperationKind.List, list.List, list.Query),
            CountRecords count => On(OperationKind.Count, count.List, count.Query),
            DeleteRecords deletes => On(OperationKind.DeleteMany, deletes.List, deletes.Query),
            PurgeTombstones => throw new NotSupportedException("A silo of 0.1.0 keeps tombstones for ever."),
            ReadFieldIndexes => throw new NotSupportedException("A silo of 0.1.0 knows no indexes."),
            AttachFile or ReleaseFile => throw new NotSupportedException("A silo of 0.1.0 knows no files."),
            MergeRecords or StageChanges or ReadLists or ExpireRecords => throw new NotSupportedException("A silo of 0.1.0 has no such buckets."),
            _ => throw new InvalidOperationException($"Unknown operation {operation.GetType().Name}."),
        };
        var precondition = operation.Precondition;
        return precondition == default
            ? wire
            : new OperationWire
            {
                Kind = wire.Kind,
                Role = wire.Role,
                List = wire.List,
                Id = wire.Id,
                Body = wire.Body,
                Hint = wire.Hint,
                PatchKind = wire.PatchKind,
                MaxBytes = wire.MaxBytes,
                Query = wire.Query,
                Scope = precondition.Scope,
                Test = precondition.Test,
                Stamp = precondition.Value.Milliseconds,
            };
    }

    internal Operation ToOperation()
    {
        var list = new ListRef(Role, List);
        var target = new ObjectRef(list, Id ?? "");
        ServerTimestamp? hint = Hint is { } milliseconds ? new ServerTimestamp(milliseconds) : null;
        Operation operation = Kind switch
        {
            OperationKind.Read => new ReadRecord(target),
            OperationKind.Put => new PutRecord(target, Body is null ? default(ReadOnlyMemory<byte>?) : Body, hint),
            OperationKind.Create => new CreateRecord(target, Body, hint),
            OperationKind.Patch => new PatchRecord(target, PatchKind, Body, MaxBytes) { ReturnsPrevious = true },
            OperationKind.Delete => new DeleteRecord(target, hint),
            OperationKind.List => new ListRecords(list, Query!.ToQuery()),
            OperationKind.Count => new CountRecords(list, Query!.ToQuery()),
            OperationKind.DeleteMany => new DeleteRecords(list, Query!.ToQuery()),
            _ => throw new NotSupportedException($"Operation {Kind} comes from a newer version."),
        };
        return operation with { Precondition = new Precondition(Scope, Test, new ServerTimestamp(Stamp)) };
    }

    private static OperationWire On(
        OperationKind kind,
        ObjectRef target,
        ReadOnlyMemory<byte>? body = null,
        ServerTimestamp? hint = null,
        PatchKind patch = default,
        int maxBytes = 0) => new()
    {
        Kind = kind,
        Role = target.List.Role,
        List = target.List.Name,
        Id = target.Id,
        Body = body is { } bytes ? RecordWire.Bytes(bytes) : null,
        Hint = hint?.Milliseconds,
        PatchKind = patch,
        MaxBytes = maxBytes,
    };

    private static OperationWire On(OperationKind kind, ListRef list, ListQuery query) =>
        new() { Kind = kind, Role = list.Role, List = list.Name, Query = QueryWire.From(query) };
}
