using Lockstep.Core.Operations;
using Lockstep.Core.Records;
using Lockstep.Core.Time;

namespace Lockstep.Grains.Wire;

/// <summary>What every <see cref="Operation"/> has: a list, and a precondition.</summary>
[GenerateSerializer, Alias("lockstep.op"), Immutable]
public abstract class OperationSurrogate
{
    [Id(0)]
    public ListRole Role { get; private set; }

    /// <summary>The list's name.</summary>
    [Id(1)]
    public string ListName { get; private set; } = "";

    [Id(2)]
    public PreconditionScope Scope { get; private set; }

    [Id(3)]
    public PreconditionTest Test { get; private set; }

    [Id(4)]
    public long Stamp { get; private set; }

    [Id(5)]
    public PreconditionTest SecondTest { get; private set; }

    [Id(6)]
    public long SecondStamp { get; private set; }

    private protected ListRef List => new(Role, ListName);

    internal static OperationSurrogate From(Operation operation)
    {
        var (surrogate, list) = operation switch
        {
            ReadRecord read => (new ReadRecordSurrogate { ObjectId = read.Target.Id }, read.Target.List),
            PutRecord put => (PutRecordSurrogate.From(put), put.Target.List),
            CreateRecord create => (CreateRecordSurrogate.From(create), create.Target.List),
            PatchRecord patch => (PatchRecordSurrogate.From(patch), patch.Target.List),
            AttachFile attach => (AttachFileSurrogate.From(attach), attach.Target.List),
            ReleaseFile release => (new ReleaseFileSurrogate { FileId = release.File, RecordId = release.Record }, release.List),
            DeleteRecord delete => ((OperationSurrogate)DeleteRecordSurrogate.From(delete), delete.Target.List),
            ListRecords records => (new ListRecordsSurrogate { Query = QueryWire.From(records.Query), AlsoFor = records.AlsoFor is { } others ? [.. others.Select(CallerWire.From)] : null }, records.List),
            CountRecords count => (new CountRecordsSurrogate { Query = QueryWire.From(count.Query) }, count.List),
            DeleteRecords deletes => (new DeleteRecordsSurrogate { Query = QueryWire.From(deletes.Query) }, deletes.List),
            MergeRecords merge => (MergeRecordsSurrogate.From(merge), merge.List),
            StageChanges stage => (StageChangesSurrogate.From(stage), stage.List),
            ReadAsOf asOf => (ReadAsOfSurrogate.From(asOf), asOf.List),
            ReadLists lists => (new ReadListsSurrogate { Exact = lists.Exact }, default),
            ReadFieldIndexes indexes => (new ReadFieldIndexesSurrogate(), indexes.List),
            ExpireRecords expire => (new ExpireRecordsSurrogate { Limit = expire.Limit }, expire.List),
            PurgeTombstones purge => (new PurgeTombstonesSurrogate { Before = purge.Before.Milliseconds, Limit = purge.Limit }, purge.List),
            _ => throw new InvalidOperationException($"Unknown operation {operation.GetType().Name}."),
        };
        var precondition = operation.Precondition;
        (surrogate.Role, surrogate.ListName) = (list.Role, list.Name ?? "");
        (surrogate.Scope, surrogate.Test, surrogate.Stamp) = (precondition.Scope, precondition.Test, precondition.Value.Milliseconds);
        (surrogate.SecondTest, surrogate.SecondStamp) = (precondition.SecondTest, precondition.SecondValue.Milliseconds);
        return surrogate;
    }

    internal Operation ToOperation() => Convert() with
    {
        Precondition = new Precondition(Scope, Test, new ServerTimestamp(Stamp))
        {
            SecondTest = SecondTest,
            SecondValue = new ServerTimestamp(SecondStamp),
        },
    };

    /// <summary>The operation without its precondition.</summary>
    private protected abstract Operation Convert();

    private protected ObjectRef Target(string id) => new(List, id);

    private protected static ServerTimestamp? Hint(long? milliseconds) => milliseconds is { } value ? new ServerTimestamp(value) : null;
}
