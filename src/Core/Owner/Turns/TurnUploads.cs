using Lockstep.Core.Buckets;
using Lockstep.Core.Lists;
using Lockstep.Core.Operations;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;

namespace Lockstep.Core.Owner;

/// <summary>Decides what is staged in uploads: changes that apply once all have arrived. The number of uploads and their bytes are limited; the least recently
/// continued upload makes room.</summary>
/// <remarks>Sync 1.5: batch uploads.</remarks>
/// <param name="start">The bucket before the turn.</param>
/// <param name="draft">The turn's changes.</param>
/// <param name="rows">The rows of the turn.</param>
/// <param name="admission">Judges the existing state.</param>
/// <param name="reader">Says by which time records expire.</param>
/// <param name="store">The store of the bucket.</param>
/// <param name="options">How many uploads there may be, and for how long.</param>
/// <param name="memory">The memory of the turn.</param>
internal sealed class TurnUploads(BucketHeads start, BucketDraft draft, TurnRows rows, TurnAdmission admission, OperationReader reader, IBucketStore store, BucketOptions options, TurnMemory memory)
{
    private BucketHeads Heads => draft.Heads;

    public async ValueTask<Outcome> StageAsync(StageChanges stage, Caller caller, CancellationToken cancellationToken)
    {
        // :: Step 1: whether it is allowed.
        if (await admission.RefusalAsync(new ObjectRef(stage.List, ""), stage.Precondition, live: null, caller, cancellationToken) is { } refusal)
        {
            return refusal;
        }

        var upload = ListRef.Upload(stage.List.Name, stage.Upload);
        if (!stage.Opens && !IsOpen(upload))
        {
            return new Missing(new ObjectRef(upload, stage.Upload));
        }

        // Earlier changes of the same records are copied along.
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
            return new TooLarge($"An upload has at most {stage.MaxRecords} records and {stage.MaxBytes} bytes of data.");
        }

        // :: Step 2: room. The least recently continued uploads make it.
        foreach (var other in draft.Records.UploadsTo(collection: null).Where(other => other.List != upload).OrderBy(static other => other.NextExpiry).ToList())
        {
            var others = draft.Records.UploadsTo(collection: null).Where(left => left.List != upload).ToList();
            if (IsOpen(other.List) && others.Count < options.MaxUploads && others.Sum(static left => left.Bytes) + bytes <= 2 * stage.MaxBytes)
            {
                break;
            }

            draft.Records.EndUpload(other.List);
        }

        // :: Step 3: the changes.
        if (!Heads[upload].Exists)
        {
            draft.Records.OpenUpload(upload, options.UploadLifetime);
        }

        foreach (var change in stage.Changes)
        {
            draft.Records.Stage(upload, change, await rows.FindAsync(new ObjectRef(upload, change.Id), cancellationToken));
        }

        return new ChangesStaged(Heads[stage.List].Stamp(Heads.Rules));
    }

    /// <summary>Whether the upload exists and has not expired.</summary>
    public bool IsOpen(ListRef upload) => Heads[upload] is { Exists: true } head && !(head.NextExpiry <= reader.Objects.AliveAt(Heads));

    /// <summary>The staged changes, in any order.</summary>
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
