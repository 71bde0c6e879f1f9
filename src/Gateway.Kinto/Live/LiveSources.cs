using Lockstep.Core.Outcomes;
using Lockstep.Core.Records;
using Lockstep.Core.Time;

namespace Lockstep.Gateway.Kinto.Live;

/// <summary>
/// The lists that a stream covers, and which of them have to be read. Invariants:
/// <list type="number">
/// <item>A list that is not due has no unsent change up to <see cref="Covered"/>. It was read at least as new as that, or the news since then say that nothing in it has changed.</item>
/// <item>News report what the bucket's owner has committed, and nothing of other buckets. A caller who depends on groups of other buckets reads all lists each time, and
/// so does every stream at its check.</item>
/// </list>
/// </summary>
/// <param name="tells">What the stream covers when it begins.</param>
/// <param name="maxCollections">The maximal number of collections of a stream of a whole bucket.</param>
internal sealed class LiveSources(LiveTarget tells, int maxCollections)
{
    private readonly List<LiveSource> all = [.. tells.Sources];

    // Whether all pages that were read last were settled; see PageFound.
    private bool isSettled;

    public int Count => all.Count;

    public LiveSource this[int index] => all[index];

    /// <summary>Whether it is one list, whose own stamp says how far it was read.</summary>
    public bool IsOfOneList => all.Count == 1 && !tells.IsWhole;

    public ServerTimestamp Covered { get; private set; }

    public int Due => all.Count(static source => source.IsDue);

    public bool AreAllDue => all.TrueForAll(static source => source.IsDue);

    /// <summary>Whether the caller may read none of it.</summary>
    public bool AreAllClosed => all.TrueForAll(static source => source.Status != 0 || source.IsBucket);

    /// <summary>
    /// Whether the caller may read none of the lists; a stream neither begins nor continues without one. Objects do not count. Some callers may ask for an object that
    /// does not exist, and a caller who sees an object also sees what is in it.
    /// </summary>
    public bool AreAllListsClosed => all.TrueForAll(static source => source.Status != 0 || source.IsObject);

    // Besides, there are the bucket itself, its collections and its groups.
    public bool HasTooMany => tells.IsWhole && all.Count > maxCollections + 3;

    /// <summary>The collection whose records alone matter, as a <see cref="LiveListener"/> takes it.</summary>
    public string? Collection => tells.IsWhole ? null
        : all.Where(static source => source.List.Role == ListRole.Records).Select(static source => source.List.Name).Distinct(StringComparer.Ordinal).Take(2).ToList() switch
        {
            [] => "",
            [var one] => one,
            _ => null,
        };

    public IEnumerable<LiveSource> Closed => all.Where(static source => source.Status != 0);

    /// <summary>The status that refuses an object of which the caller sees nothing. It is that of the list in the object.</summary>
    public int StatusOf(LiveSource gone) => all.Find(other => other.Path == $"{gone.Path}/records") is { Status: > 0 and var status } ? status : StatusCodes.Status403Forbidden;

    /// <summary>The number of objects to look for, so that new collections are found.</summary>
    public int LimitOf(LiveSource source) => Finds(source) ? maxCollections + 1 : 1;

    public void DueAll() => all.ForEach(static source => source.IsDue = true);

    /// <summary>Marks the lists that the news make due.</summary>
    /// <param name="news">The news.</param>
    /// <param name="isCheck">Whether all lists are due, whatever the news say.</param>
    public void Note(LiveNews news, bool isCheck)
    {
        if (isCheck || !isSettled || news.Collections is not { } changed)
        {
            DueAll();
            return;
        }

        foreach (var source in all)
        {
            source.IsDue |= source.List.Role == ListRole.Records && changed.Contains(source.List.Name);
        }

        Covered = ServerTimestamp.Max(Covered, news.Stamp);
    }

    /// <summary>Puts the lists with the oldest changes first, as far as these are known.</summary>
    /// <returns>Whether they are known for all lists that are due.</returns>
    public bool Order()
    {
        if (all.TrueForAll(static source => source.First == ServerTimestamp.Zero))
        {
            return false;
        }

        all.Sort(static (a, b) => a.First.CompareTo(b.First));
        return all.TrueForAll(static source => !source.IsDue || source.First > ServerTimestamp.Zero);
    }

    /// <summary>Notes that the lists that were due have been read.</summary>
    /// <param name="pages">The pages of those that may be read.</param>
    /// <param name="bound">The stamp up to which everything was sent.</param>
    /// <param name="isFull">Whether all were due.</param>
    /// <param name="asOf">The stamp that the reads were at least as new as.</param>
    public void Read(List<LivePage> pages, ServerTimestamp bound, bool isFull, ServerTimestamp asOf)
    {
        foreach (var source in all)
        {
            (source.IsDue, source.First) = (false, ServerTimestamp.Zero);
        }

        foreach (var page in pages)
        {
            page.Source.First = page.FirstAfter(bound);
            page.Source.IsDue = page.IsMore || page.IsBeyond || page.Last > bound;
        }

        isSettled = (isFull || isSettled) && pages.TrueForAll(static page => page.Page.IsSettled);
        if (isFull)
        {
            Covered = ServerTimestamp.Max(Covered, asOf);
        }
    }

    public void Find(LiveSource source, PageFound page)
    {
        if (!Finds(source))
        {
            return;
        }

        foreach (var record in page.Records)
        {
            var list = ListRef.RecordsOf(record.Id);
            if (!record.IsTombstone && !all.Exists(other => other.List == list))
            {
                all.Add(LiveSource.Of(tells.Target.Records(record.Id)));
            }
        }
    }

    /// <summary>Removes a collection whose deletion was sent.</summary>
    public void Lose(LiveSource source, StoredRecord record)
    {
        if (Finds(source) && record.IsTombstone)
        {
            all.RemoveAll(other => other.List == ListRef.RecordsOf(record.Id));
        }
    }

    private bool Finds(LiveSource source) => tells.IsWhole && source is { IsObject: false, List.Role: ListRole.Collections };
}
