using Lockstep.Core.Lists;
using Lockstep.Core.Operations;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;
using Lockstep.Core.Time;

namespace Lockstep.Core.Owner;

/// <summary>
/// Answers <see cref="ReadAsOf"/>. Invariants:
/// <list type="number">
/// <item>A first look at a few rows costs no more than any page may. Beyond that, the read takes a place and room, as a sort does.</item>
/// <item>A bounded page says where to continue, and may be empty. A request for the whole is refused if there was no place or no time for
/// all of it.</item>
/// </list>
/// </summary>
internal sealed class AsOfReader(IBucketStore store, BucketOptions options, OwnerWork work, TimeProvider time)
{
    // For a first look. Each row may be another read of the store.
    private const int FreeRows = 100;
    private const long FreeBytes = 1L << 20;

    private const int RowsAtOnce = 500;

    /// <param name="read">The request, from a caller who may read the whole list.</param>
    /// <param name="asker">The caller.</param>
    /// <param name="heads">The bucket.</param>
    /// <param name="overlay">The turn's changes.</param>
    /// <param name="cancellationToken">Stops the read.</param>
    public async ValueTask<(Outcome Outcome, long Version)> ReadAsync(ReadAsOf read, Asker asker, BucketHeads heads, Overlay overlay, CancellationToken cancellationToken)
    {
        var (head, former) = (heads[read.List], heads[ListRef.FormerOf(read.List.Name)]);
        if (HorizonOf(head, former) is var horizon && read.At < horizon)
        {
            return (BeforeHorizon(horizon), heads.Version);
        }

        if (!head.Exists || heads.Row == 0)
        {
            return (new PageFound([], AsOfPage.StampOf(head, read), Next: null), heads.Version);
        }

        if (overlay.RowsOf(head.Key) is { Count: > 0 })
        {
            // States that the store copies in this turn are not there yet.
            return (Unavailable.Overloaded, heads.Version);
        }

        // :: Step 1: a first look.
        var page = new AsOfPage(store, read, heads, head, former);
        var ended = await page.LookAsync(FreeRows, FreeBytes, turn: null, cancellationToken);

        // :: Step 2: the rest, within the bounds. Each of these rows may have a state of any length.
        if (ended is null && !page.IsDone)
        {
            var went = await work.SortAsync(asker, 3 * options.MaxTurnBytes, GoOnAsync, cancellationToken);
            ended = went is null ? page.CutOff() : went.Value.Ended;
        }

        return (ended ?? page.ToPage(), page.Version);

        async ValueTask<(Outcome? Ended, int Rows)> GoOnAsync(WorkTurn turn)
        {
            var end = Deadline.After(work.MostTimeOf(asker), time);
            Outcome? refused = null;
            while (refused is null && !page.IsDone && page.Rows < options.MaxFilteredRecords)
            {
                if (end.HasCome)
                {
                    return (page.CutOff(), page.Rows);
                }

                refused = await page.LookAsync(RowsAtOnce, options.MaxTurnBytes, turn, cancellationToken);
            }

            return (refused, page.Rows);
        }
    }

    /// <summary>The stamp from which on a collection's earlier records are known: its last unrecorded change, or the last state that was removed.</summary>
    public static ServerTimestamp HorizonOf(ListHead records, ListHead former) =>
        ServerTimestamp.Max(records.Horizon, former.Exists && former.Touched == records.Touched ? former.Horizon : records.Touched);

    private static Invalid BeforeHorizon(ServerTimestamp horizon) => new(InvalidReason.BeforeHorizon, horizon.Milliseconds);
}
