using Lockstep.Core.History;
using Lockstep.Core.Lists;
using Lockstep.Core.Permissions;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;
using Lockstep.Core.Time;

namespace Lockstep.Core.Owner;

/// <summary>
/// Takes out what is more, or older, than is kept, with the writes that bring new entries: so many at once that it keeps up, and seldom
/// enough that most writes look at nothing. Runs once a turn, behind its last change: the store has what is taken out until the commit.
/// </summary>
internal sealed class HistoryTrim(IBucketStore store, HistoryOptions options, BucketHeads start)
{
    private const int AtOnce = 1_000;
    private const int Slack = 100;

    // Rows of the index of principals that go with them, but for a turn that adds more.
    private const int MaxIndexed = 5_000;

    // How often it is looked for what has become too old, besides with each so many that come.
    private const int StepsAnAge = 20;

    /// <param name="draft">What the turn has changed; with its history.</param>
    /// <param name="maxBytes">Bytes of rows that are looked at, of which all but the bodies are read.</param>
    /// <param name="cancellationToken">Stops the read.</param>
    public async ValueTask RunAsync(BucketDraft draft, long maxBytes, CancellationToken cancellationToken)
    {
        foreach (var list in draft.History!.Written.ToList())
        {
            // Of a list that this turn made there is nothing in the store.
            var head = draft.Heads[list];
            if (!head.Exists || start[list].Key != head.Key)
            {
                continue;
            }

            var due = DueOf(head, start[list]);
            if (due is { Rows: 0, Bytes: 0 })
            {
                continue;
            }

            // At least as much as has come, so that there is never more and more of it.
            var limit = (int)Math.Max(AtOnce, 2 * (head.Count - start[list].Count));
            var query = new ListQuery { Before = due.Before, Deleted = false, Sort = [new SortField("last_modified", Descending: false)], Projection = Projection.Metadata, Limit = limit };
            var scan = new RecordScan(draft.Heads.Key, head.Key, ListReader.Beneath(query, draft.Overlay.RowsOf(head.Key)), limit, maxBytes);
            if (Take((await store.ScanAsync(scan, cancellationToken)).Records, due, Math.Max(MaxIndexed, 2 * draft.Overlay.Grants.Count)) is { Count: > 0 } rows)
            {
                draft.History.Trim(list, rows);
            }
        }
    }

    private Due DueOf(ListHead now, ListHead before)
    {
        var (rows, bytes) = (options.MaxEntries == 0 ? 0 : now.Count - options.MaxEntries, options.MaxBytes == 0 ? 0 : now.Bytes - options.MaxBytes);
        if (rows > Slack + (options.MaxEntries / 10) || bytes > options.MaxBytes / 10)
        {
            return new Due(Math.Max(0, rows), Math.Max(0, bytes), Before: null);
        }

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

    /// <param name="Rows">How many may go at least.</param>
    /// <param name="Bytes">And of them.</param>
    /// <param name="Before">Only with an older stamp; null for whatever.</param>
    private readonly record struct Due(long Rows, long Bytes, ServerTimestamp? Before);
}
