using Lockstep.Core.History;
using Lockstep.Core.Lists;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;

namespace Lockstep.Core.Owner;

/// <summary>
/// Keeps fewer history entries of some users than of others, so that programs that write all the time do not push out what people do. The heads count
/// a user's entries in a list without records that is named after the user (<see cref="ListRole.HistoryOf"/>). Up to the list's horizon the user has no
/// entries, so entries of other users are visited once.
/// </summary>
internal sealed class UserHistoryTrim(IBucketStore store, HistoryOptions options, BucketHeads start)
{
    private const int Slack = 100;

    // Entries that one turn visits for one user.
    private const int AtOnce = 1_000;

    private readonly string[] users = options.TrimmedUsers.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    /// <summary>Counts the entries that a turn has added, and removes the user's excess.</summary>
    /// <param name="draft">The turn's changes, with their history.</param>
    /// <param name="onlyCounts">Whether nothing is removed, because this turn has removed entries already.</param>
    /// <param name="maxBytes">Bytes of rows to visit, without their bodies.</param>
    /// <param name="cancellationToken">Stops the read.</param>
    public async ValueTask RunAsync(BucketDraft draft, bool onlyCounts, long maxBytes, CancellationToken cancellationToken)
    {
        var entries = draft.Heads[ListRef.History];
        foreach (var user in users)
        {
            var added = draft.Overlay.RowsOf(entries.Key)?.Values.Count(row => !row.IsTombstone && IsOf(row, user)) ?? 0;
            if (added == 0)
            {
                continue;
            }

            draft.EnsureList(ListRef.HistoryOf(user));
            var head = draft.Heads[ListRef.HistoryOf(user)];
            head = head with { Count = head.Count + added };
            draft.SetList(head);
            if (onlyCounts || head.Count <= options.MaxEntriesOfTrimmedUsers + Slack || start[ListRef.History].Key != entries.Key)
            {
                continue;
            }

            // :: The user's oldest entries.
            var limit = Math.Max(AtOnce, 2 * added);
            var query = new ListQuery
            {
                After = head.Horizon,
                Deleted = false,
                Sort = [new SortField("last_modified", Descending: false)],
                Projection = Projection.Metadata,
                Limit = limit,
            };
            var scan = new RecordScan(draft.Heads.Key, entries.Key, ListReader.Beneath(query, draft.Overlay.RowsOf(entries.Key)), limit, maxBytes);
            var (found, due) = (await store.ScanAsync(scan, cancellationToken), head.Count - options.MaxEntriesOfTrimmedUsers);
            var looked = found.Records.Take(LengthOf(found.Records, user, due)).ToList();
            if (looked.Count == 0)
            {
                continue;
            }

            var theirs = looked.Where(row => IsOf(row, user)).ToList();
            if (theirs.Count > 0)
            {
                draft.History!.Trim(ListRef.History, theirs);
            }

            draft.SetList(head with { Count = Math.Max(0, head.Count - theirs.Count), Horizon = looked[^1].Modified });

            // One turn removes entries of one user only: the others were read before these were removed.
            onlyCounts = true;
        }
    }

    /// <summary>Counts entries that were removed for another reason.</summary>
    public void Remove(BucketDraft draft, IReadOnlyList<StoredRecord> rows)
    {
        foreach (var user in users)
        {
            if (draft.Heads.Lists.TryGetValue(ListRef.HistoryOf(user), out var head) && rows.Count(row => IsOf(row, user)) is > 0 and var gone)
            {
                draft.SetList(head with { Count = Math.Max(0, head.Count - gone) });
            }
        }
    }

    private static bool IsOf(StoredRecord row, string user) => string.Equals(row.Author, user, StringComparison.Ordinal);

    /// <returns>The number of rows to go through until enough of them are the user's.</returns>
    private static int LengthOf(IReadOnlyList<StoredRecord> rows, string user, long due)
    {
        var (length, theirs) = (0, 0L);
        while (length < rows.Count && theirs < due)
        {
            theirs += IsOf(rows[length++], user) ? 1 : 0;
        }

        return length;
    }
}
