using Lockstep.Core.Outcomes;
using Lockstep.Core.Time;

namespace Lockstep.Gateway.Kinto.Live;

/// <summary>A page of one of the lists that a stream tells of.</summary>
/// <param name="Source">The list.</param>
/// <param name="Read">Holds it.</param>
/// <param name="Page">What was found, the oldest first.</param>
/// <param name="IsPeek">Whether it is the oldest change alone, without its data, which is to be read yet.</param>
internal sealed record LivePage(LiveSource Source, SharedRead Read, PageFound Page, bool IsPeek)
{
    public ServerTimestamp Last => Page.Records.Count > 0 ? Page.Records[^1].Modified : ServerTimestamp.Zero;

    /// <summary>The caller's view of the list is about to change, since groups of another bucket did: what is newer counts for them after that.</summary>
    public bool IsBeyond => Last > Page.ListStamp;

    /// <summary>Whether there is more than it can tell.</summary>
    public bool IsMore => Page.Next is not null || (IsPeek && Page.Records.Count > 0);

    /// <summary>Up to where it says all, for who polls this list alone.</summary>
    public ServerTimestamp EndOfOne => Page.Next is not null && !IsBeyond ? Last : Page.ListStamp;

    /// <summary>Up to where it says all, for who follows others beside it; null for as far as it was read.</summary>
    public ServerTimestamp? End
    {
        get
        {
            ServerTimestamp? read = IsPeek && Page.Records.Count > 0 ? Page.Records[0].Modified.Plus(-1) : Page.Next is not null ? Last : null;
            ServerTimestamp? settled = IsBeyond ? Page.ListStamp : Page.SettledTo;
            return read is null || settled < read ? settled : read;
        }
    }

    /// <summary>The oldest change that is newer than this; zero for none that is known.</summary>
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
