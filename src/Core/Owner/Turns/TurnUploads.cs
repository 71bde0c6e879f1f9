using Lockstep.Core.Buckets;
using Lockstep.Core.Lists;
using Lockstep.Core.Operations;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;

namespace Lockstep.Core.Owner;

/// <summary>Decides what is put by in uploads: changes that count once all have come. There are so many at once, of so many bytes; who has gone on with
/// theirs last keeps it.</summary>
/// <remarks>Sync 1.5: batch uploads.</remarks>
/// <param name="start">The bucket as the turn found it.</param>
/// <param name="draft">The turn's changes.</param>
/// <param name="rows">What the turn knows of rows.</param>
/// <param name="admission">Judges what is there.</param>
/// <param name="reader">Says by which instant things expire.</param>
/// <param name="store">Where the bucket lies.</param>
/// <param name="memory">What the turn holds.</param>
internal sealed class TurnUploads(BucketHeads start, BucketDraft draft, TurnRows rows, TurnAdmission admission, OperationReader reader, IBucketStore store, TurnMemory memory)
{
    private const int MaxUploads = 20;

    private BucketHeads Heads => draft.Heads;

    public async ValueTask<Outcome> StageAsync(StageChanges stage, Caller caller, CancellationToken cancellationToken)
    {
        // :: Step 1: whether it may be.
        if (await admission.RefusalAsync(new ObjectRef(stage.List, ""), stage.Precondition, live: null, caller, cancellationToken) is { } refusal)
        {
            return refusal;
        }

        var upload = ListRef.Upload(stage.List.Name, stage.Upload);
        if (!stage.Opens && !IsOpen(upload))
        {
            return new Missing(new ObjectRef(upload, stage.Upload));
        }

        // What was put by is copied with what comes.
        var size = stage.Changes.Sum(static change => (long)(change.Body?.Length ?? 0));
        if (!await rows.TryLoadAsync(upload, stage.Changes, caller, cancellationToken) || !memory.TryHold(TurnMemory.UserOf(caller), size))
        {
            return Unavailable.Overloaded;
        }

        memory.Count(size);
        var (records, bytes) = (Heads[upload].Count, Heads[upload].Bytes - (StagedChange.Overhead * Heads[upload].Count));
        foreach (var change in stage.Changes)
        {
            var staged = await rows.FindAsync(new ObjectRef(upload, change.Id), cancellationToken);
            records += staged is null ? 1 : 0;
            bytes += change.Body is { } body ? body.Length - (staged is null ? 0 : staged.Length - StagedChange.Overhead) : 0;
        }

        if (records > stage.MaxRecords || bytes > stage.MaxBytes)
        {
            return new TooLarge($"A batch has at most {stage.MaxRecords} records and {stage.MaxBytes} bytes of data.");
        }

        // :: Step 2: room. What nobody has gone on with for the longest time makes it.
        foreach (var other in draft.Records.UploadsTo(collection: null).Where(other => other.List != upload).OrderBy(static other => other.NextExpiry).ToList())
        {
            var others = draft.Records.UploadsTo(collection: null).Where(left => left.List != upload).ToList();
            if (IsOpen(other.List) && others.Count < MaxUploads && others.Sum(static left => left.Bytes) + bytes <= 2 * stage.MaxBytes)
            {
                break;
            }

            draft.Records.EndUpload(other.List);
        }

        // :: Step 3: the changes.
        if (!Heads[upload].Exists)
        {
            draft.Records.OpenUpload(upload);
        }

        foreach (var change in stage.Changes)
        {
            draft.Records.Stage(upload, change, await rows.FindAsync(new ObjectRef(upload, change.Id), cancellationToken));
        }

        return new ChangesStaged(Heads[stage.List].Stamp(Heads.Rules));
    }

    /// <summary>Whether there is such an upload, and it has not expired.</summary>
    public bool IsOpen(ListRef upload) => Heads[upload] is { Exists: true } head && !(head.NextExpiry <= reader.Objects.AliveAt(Heads));

    /// <summary>What was put by, in whatever order.</summary>
    public async ValueTask<List<RecordChange>> StagedAsync(ListRef upload, CancellationToken cancellationToken)
    {
        var head = Heads[upload];
        var uncommitted = draft.Overlay.RowsOf(head.Key);
        var staged = new List<StoredRecord>(uncommitted?.Values ?? []);
        if (Heads.Row != 0 && start[upload].Key == head.Key)
        {
            var query = ListReader.Beneath(new ListQuery { Limit = int.MaxValue }, uncommitted);
            staged.AddRange((await store.ScanAsync(new RecordScan(Heads.Key, head.Key, query, int.MaxValue, long.MaxValue), cancellationToken)).Records);
        }

        return staged.ConvertAll(StagedChange.From);
    }
}
