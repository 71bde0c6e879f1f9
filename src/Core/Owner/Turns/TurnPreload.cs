using Lockstep.Core.Attachments;
using Lockstep.Core.Buckets;
using Lockstep.Core.Operations;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;

namespace Lockstep.Core.Owner;

/// <summary>
/// Reads ahead, at once, what the operations of a turn will look at. Invariants:
/// <list type="number">
/// <item>Rows that many operations need take one read, or two: one of all but bodies, and one of what there turned out to be room for.</item>
/// <item>What found no room is marked as not read. Its operation is refused when it comes to it, and no sooner.</item>
/// </list>
/// </summary>
/// <param name="start">The bucket as the turn found it.</param>
/// <param name="rows">Takes what was read.</param>
/// <param name="reader">Knows who is in which groups.</param>
/// <param name="store">Where the rows lie.</param>
/// <param name="names">Which files records name; null where they have none.</param>
/// <param name="options">Bounds.</param>
/// <param name="memory">What the turn holds.</param>
internal sealed class TurnPreload(BucketHeads start, TurnRows rows, OperationReader reader, IBucketStore store, IFileNames? names, BucketOptions options, TurnMemory memory)
{
    // Bodies that are read before it is known how long they are.
    private const int FewBodies = 4;

    /// <summary>Reads all rows that the requests' point operations will look at, at once.</summary>
    public async ValueTask RunAsync(IReadOnlyList<BucketRequest> requests, CancellationToken cancellationToken)
    {
        if (start[ListRef.Groups].Exists)
        {
            var strangers = requests.Where(request => reader.NeedsGroups(request, start));
            await reader.Memberships.PreloadAsync(strangers.Select(static request => request.Caller), start, cancellationToken);
        }

        var (wanted, whole) = (new List<Wanted>(), new HashSet<RecordKey>());
        Collect(requests, wanted, whole);

        // :: Step 1: of few the bodies, of the others nothing that can be long. Begun together, so that a store that gathers reads gathers these.
        var few = whole.Count > FewBodies ? [] : whole;
        var bodies = ReadAsync(few, Projection.Whole, cancellationToken);
        var others = few.Count == 0 ? wanted : wanted.FindAll(row => !few.Contains(row.Key));
        var outlines = ReadAsync(others.ConvertAll(static row => row.Key), Projection.Outline, cancellationToken);
        rows.Load(await bodies);
        rows.Load(await outlines);

        // :: Step 2: room for what was read, and for what is long.
        List<RecordKey> more = [], lengthy = [];
        Hold(wanted, whole, few, more, lengthy);

        // :: Step 3: what there is room for.
        rows.Load(await ReadAsync(more, Projection.Whole, cancellationToken));
        rows.Load(await ReadAsync(lengthy, Projection.Metadata, cancellationToken));
    }

    private ValueTask<IReadOnlyDictionary<RecordKey, StoredRecord>> ReadAsync(IReadOnlyCollection<RecordKey> wanted, Projection projection, CancellationToken cancellationToken) =>
        wanted.Count == 0 ? new(TurnRows.None) : store.ReadAsync(start.Key, wanted, projection, cancellationToken);

    /// <summary>Notes the rows that operations will look at, for whom, and of which the bodies are needed.</summary>
    private void Collect(IReadOnlyList<BucketRequest> requests, List<Wanted> wanted, HashSet<RecordKey> whole)
    {
        foreach (var request in requests)
        {
            foreach (var operation in request.Operations)
            {
                if (operation is MergeRecords merge)
                {
                    if (start[merge.List] is { Exists: true } list)
                    {
                        foreach (var change in merge.Changes)
                        {
                            Want(new RecordKey(list.Key, change.Id), request.Caller, change.Body is null);
                        }
                    }
                }
                else if (TurnRows.TargetOf(operation) is { } target && start[target.List] is { Exists: true } head)
                {
                    Want(
                        new RecordKey(head.Key, target.Id), request.Caller,
                        operation is PatchRecord or PutRecord { Body: null } or AttachFile { File: not null } || (operation is PutRecord or DeleteRecord && TurnFiles.Has(names, start, target.List)));
                }
            }
        }

        void Want(RecordKey key, Caller caller, bool isWhole)
        {
            // Whoever comes first holds it.
            if (rows.Loaded.TryAdd(key, null))
            {
                wanted.Add(new Wanted(key, TurnMemory.UserOf(caller)));
            }

            if (isWhole)
            {
                whole.Add(key);
            }
        }
    }

    /// <summary>Takes room for rows that were read, and finds out of which more is to be read, and fits.</summary>
    private void Hold(List<Wanted> wanted, HashSet<RecordKey> whole, HashSet<RecordKey> few, List<RecordKey> more, List<RecordKey> lengthy)
    {
        var bytes = 0L;
        foreach (var (key, user) in wanted)
        {
            if (rows.Loaded[key] is not { } row)
            {
                continue;
            }

            var isWhole = whole.Contains(key) && !row.IsTombstone;
            var size = isWhole ? row.Size : row.AclLength;
            if (size == 0)
            {
                continue;
            }

            // The result of a patch will be about the same size.
            var isRead = few.Contains(key) || (!isWhole && row.UnreadAclLength is null);
            if ((!isRead && bytes >= options.MaxTurnBytes / 2) || !memory.TryHold(user, size))
            {
                rows.Loaded[key] = row with { Body = default, UnreadLength = row.Length, Acl = default(ReadOnlyMemory<byte>?), UnreadAclLength = row.AclLength == 0 ? null : row.AclLength };
                continue;
            }

            memory.Count(row.AclLength);
            if (!isRead)
            {
                (isWhole ? more : lengthy).Add(key);
                bytes += size;
            }
        }
    }

    /// <param name="Key">A row.</param>
    /// <param name="User">For whom it is held.</param>
    private readonly record struct Wanted(RecordKey Key, string User);
}
