using Lockstep.Core.Attachments;
using Lockstep.Core.Buckets;
using Lockstep.Core.Operations;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;

namespace Lockstep.Core.Owner;

/// <summary>
/// Reads in advance, in one go, what the operations of a turn will need. Invariants:
/// <list type="number">
/// <item>Rows that many operations need take one read, or two: one of everything but bodies, and one of the bodies for which there is room.</item>
/// <item>A row for which there was no room is marked as not read. Its operation is refused when its turn comes, not earlier.</item>
/// </list>
/// </summary>
/// <param name="start">The bucket before the turn.</param>
/// <param name="rows">Receives the rows.</param>
/// <param name="reader">Finds the groups of callers.</param>
/// <param name="store">The store of the rows.</param>
/// <param name="names">Says which files records name; null if they have none.</param>
/// <param name="options">Limits.</param>
/// <param name="memory">The memory of the turn.</param>
internal sealed class TurnPreload(BucketHeads start, TurnRows rows, OperationReader reader, IBucketStore store, IFileNames? names, BucketOptions options, TurnMemory memory)
{
    // Bodies that are read before their length is known.
    private const int FewBodies = 4;

    /// <summary>Reads, in one go, all rows that the requests' point operations will need.</summary>
    public async ValueTask RunAsync(IReadOnlyList<BucketRequest> requests, CancellationToken cancellationToken)
    {
        if (start[ListRef.Groups].Exists)
        {
            var strangers = requests.Where(request => reader.NeedsGroups(request, start));
            await reader.Memberships.PreloadAsync(strangers.Select(static request => request.Caller), start, cancellationToken);
        }

        var (wanted, whole) = (new List<Wanted>(), new HashSet<RecordKey>());
        Collect(requests, wanted, whole);

        // :: Step 1: if there are few, their bodies; of the others nothing that can be long. Started together, so that a store that groups reads can group these.
        var few = whole.Count > FewBodies ? [] : whole;
        var bodies = ReadAsync(few, Projection.Whole, cancellationToken);
        var others = few.Count == 0 ? wanted : wanted.FindAll(row => !few.Contains(row.Key));
        var outlines = ReadAsync(others.ConvertAll(static row => row.Key), Projection.Outline, cancellationToken);
        rows.Load(await bodies);
        rows.Load(await outlines);

        // :: Step 2: room for the rows, and for the long parts.
        List<RecordKey> more = [], lengthy = [];
        Hold(wanted, whole, few, more, lengthy);

        // :: Step 3: the parts for which there is room.
        rows.Load(await ReadAsync(more, Projection.Whole, cancellationToken));
        rows.Load(await ReadAsync(lengthy, Projection.Metadata, cancellationToken));
    }

    private ValueTask<IReadOnlyDictionary<RecordKey, StoredRecord>> ReadAsync(IReadOnlyCollection<RecordKey> wanted, Projection projection, CancellationToken cancellationToken) =>
        wanted.Count == 0 ? new(TurnRows.None) : store.ReadAsync(start.Key, wanted, projection, cancellationToken);

    /// <summary>Notes the rows that operations will need, for which user, and which of them need their bodies.</summary>
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
            // The first user is charged for it.
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

    /// <summary>Takes room for the rows, and finds those of which more must be read and for which there is room.</summary>
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

            // The result of a patch will be of about the same size.
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

    /// <param name="Key">The row.</param>
    /// <param name="User">The user who is charged.</param>
    private readonly record struct Wanted(RecordKey Key, string User);
}
