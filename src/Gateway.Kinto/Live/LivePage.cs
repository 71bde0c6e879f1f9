using Lockstep.Core.Outcomes;
using Lockstep.Core.Time;

namespace Lockstep.Gateway.Kinto.Live;

/// <summary>A page of one of the lists that a stream covers.</summary>
/// <param name="Source">The list.</param>
/// <param name="Read">The read that holds the page.</param>
/// <param name="Page">The changes, the oldest first.</param>
/// <param name="IsPeek">Whether it is the oldest change alone, without its data, which has yet to be read.</param>
internal sealed record LivePage(LiveSource Source, SharedRead Read, PageFound Page, bool IsPeek)
{
    public ServerTimestamp Last => Page.Records.Count > 0 ? Page.Records[^1].Modified : ServerTimestamp.Zero;

    /// <summary>Whether the caller's view of the list is about to change, because groups of another bucket have changed. Newer changes count for them only after that.</summary>
    public bool IsBeyond => Last > Page.ListStamp;

    /// <summary>Whether there is more than the page has.</summary>
    public bool IsMore => Page.Next is not null || (IsPeek && Page.Records.Count > 0);

    /// <summary>The stamp up to which the page is complete, for a stream of this list alone.</summary>
    public ServerTimestamp EndOfOne => Page.Next is not null && !IsBeyond ? Last : Page.ListStamp;

    /// <summary>The stamp up to which the page is complete, for a stream of several lists; null if that is as far as the list was read.</summary>
    public ServerTimestamp? End
    {
        get
        {
            ServerTimestamp? read = IsPeek && Page.Records.Count > 0 ? Page.Records[0].Modified.Plus(-1) : Page.Next is not null ? Last : null;
            ServerTimestamp? settled = IsBeyond ? Page.ListStamp : Page.SettledTo;
            return read is null || settled < read ? settled : read;
        }
    }

    /// <summary>The stamp of the oldest change that is newer than the bound; zero if none is known.</summary>
    public ServerTimestamp FirstAfter(ServerTimestamp bound)
    {
        foreach (var record in Page.Records)
        {
            if (record.Modified > bound)
            {
                return record.Modified;
            }
        }

        return Page.Next is not null ? Last.Plus(1) : ServerTimestamp.Zero;
    }
}
