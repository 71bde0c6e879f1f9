using Lockstep.Core.History;
using Lockstep.Core.Lists;
using Lockstep.Core.Permissions;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;
using Lockstep.Core.Time;

namespace Lockstep.Core.Owner;

/// <summary>
/// Removes history beyond the configured number or age, together with the writes that add entries. It removes enough at a time to keep up, and
/// runs rarely enough that most writes check nothing. Entries have their own limits. The earlier states of all of the bucket's collections share
/// the same limits; the collection with the most loses states first. It runs once a turn, after the last change. The store still has the removed
/// rows until the commit, so each list is visited once.
/// </summary>
internal sealed class HistoryTrim(IBucketStore store, HistoryOptions options, BucketHeads start)
{
    private const int AtOnce = 1_000;
    private const int Slack = 100;

    // Rows of the index of principals that are deleted with them, unless one turn adds more.
    private const int MaxIndexed = 5_000;

    // How many times within the maximal age the age is checked, in addition to the check after each so many new rows.
    private const int StepsAnAge = 20;

    // Collections that lose states in one turn.
    private const int MaxCollections = 16;

    private readonly UserHistoryTrim? ofUsers = options.TrimmedUsers.Length == 0 ? null : new UserHistoryTrim(store, options, start);

    /// <param name="draft">The turn's changes, with their history.</param>
    /// <param name="maxBytes">Bytes of rows to visit; everything but their bodies is read.</param>
    /// <param name="cancellationToken">Stops the read.</param>
    public async ValueTask RunAsync(BucketDraft draft, long maxBytes, CancellationToken cancellationToken)
    {
        // The store has no rows of a list that this turn made.
        var written = draft.History!.Written.Where(list => IsStored(draft.Heads[list])).ToList();
        var done = new HashSet<ListRef>();
        foreach (var list in written)
        {
            var (now, before) = (draft.Heads[list], start[list]);
            var due = list.Role == ListRole.History ? DueOf(now.Count, now.Bytes) : default;
            due = due.IsNone ? DueByAge(now, before) : due;
            if (!due.IsNone)
            {
                done.Add(list);
                await TakeOutAsync(now, due, LimitOf(now.Count - before.Count));
            }
        }

        if (ofUsers is not null)
        {
            await ofUsers.RunAsync(draft, done.Contains(ListRef.History), maxBytes, cancellationToken);
        }

        if (written.Exists(static list => list.Role == ListRole.Former))
        {
            await TakeOutStatesAsync();
        }

        async ValueTask TakeOutStatesAsync()
        {
            var (count, bytes) = (0L, 0L);
            foreach (var head in draft.Heads.Lists.Values)
            {
                if (head.List.Role == ListRole.Former)
                {
                    (count, bytes) = (count + head.Count, bytes + head.Bytes);
                }
            }

            var due = DueOf(count, bytes);
            if (due.IsNone)
            {
                return;
            }

            var limit = LimitOf(written.Sum(list => list.Role == ListRole.Former ? draft.Heads[list].Count - start[list].Count : 0));
            var longest = draft.Heads.Lists.Values
                .Where(head => head is { List.Role: ListRole.Former, Count: > 0 } && IsStored(head) && !done.Contains(head.List))
                .OrderByDescending(head => due.Bytes > 0 ? head.Bytes : head.Count).Take(MaxCollections).ToList();
            foreach (var head in longest)
            {
                var (rows, size) = await TakeOutAsync(head, due, limit);
                due = due with { Rows = Math.Max(0, due.Rows - rows), Bytes = Math.Max(0, due.Bytes - size) };
                if (due.IsNone)
                {
                    return;
                }
            }
        }

        async ValueTask<(long Rows, long Bytes)> TakeOutAsync(ListHead head, Due due, int limit)
        {
            var query = new ListQuery { Before = due.Before, Deleted = false, Sort = [new SortField("last_modified", Descending: false)], Projection = Projection.Metadata, Limit = limit };
            var scan = new RecordScan(draft.Heads.Key, head.Key, ListReader.Beneath(query, draft.Overlay.RowsOf(head.Key)), limit, maxBytes);
            var rows = Take((await store.ScanAsync(scan, cancellationToken)).Records, due, Math.Max(MaxIndexed, 2 * draft.Overlay.Grants.Count));
            if (rows.Count > 0)
            {
                draft.History!.Trim(head.List, rows);
                if (head.List.Role == ListRole.History)
                {
                    ofUsers?.Remove(draft, rows);
                }
            }

            return (rows.Count, rows.Sum(static row => (long)row.Length));
        }
    }

    private bool IsStored(ListHead head) => head.Exists && start[head.List].Key == head.Key;

    // At least as much as was added, so that history does not keep growing.
    private static int LimitOf(long grown) => (int)Math.Max(AtOnce, 2 * grown);

    private Due DueOf(long count, long bytes)
    {
        var (rows, size) = (options.MaxEntries == 0 ? 0 : count - options.MaxEntries, options.MaxBytes == 0 ? 0 : bytes - options.MaxBytes);
        return rows > Slack + (options.MaxEntries / 10) || size > options.MaxBytes / 10 ? new Due(Math.Max(0, rows), Math.Max(0, size), Before: null) : default;
    }

    private Due DueByAge(ListHead now, ListHead before)
    {
        var (age, step) = ((long)options.MaxAge.TotalMilliseconds, Math.Max(1, (long)options.MaxAge.TotalMilliseconds / StepsAnAge));
        return age > 0 && (now.Touched.Milliseconds / step != before.Touched.Milliseconds / step || now.Count / Slack != before.Count / Slack)
            ? new Due(int.MaxValue, 0, now.Touched.Plus(-age))
            : default;
    }

    private static List<StoredRecord> Take(IReadOnlyList<StoredRecord> oldest, Due due, int maxIndexed)
    {
        var (taken, bytes, indexed) = (new List<StoredRecord>(), 0L, 0);
        foreach (var row in oldest)
        {
            if ((taken.Count >= due.Rows && bytes >= due.Bytes) || indexed >= maxIndexed)
            {
                break;
            }

            taken.Add(row);
            bytes += row.Length;
            indexed += AccessList.Read(row.Acl)?.Length ?? 0;
        }

        return taken;
    }

    /// <param name="Rows">The number of rows to remove at least.</param>
    /// <param name="Bytes">The bytes to remove at least.</param>
    /// <param name="Before">Only rows with an older stamp; null for any.</param>
    private readonly record struct Due(long Rows, long Bytes, ServerTimestamp? Before)
    {
        public bool IsNone => Rows == 0 && Bytes == 0;
    }
}
