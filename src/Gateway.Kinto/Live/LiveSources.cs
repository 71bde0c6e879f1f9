using Lockstep.Core.Outcomes;
using Lockstep.Core.Records;
using Lockstep.Core.Time;

namespace Lockstep.Gateway.Kinto.Live;

/// <summary>
/// The lists that a stream tells of, and which of them have to be read. Invariants:
/// <list type="number">
/// <item>Whatever is not due has nothing left to tell up to <see cref="Covered"/>: it was read as new as that, or the news since say that nothing of it has changed.</item>
/// <item>News say it by what an owner has committed, and so of the bucket alone. Whoever depends on groups of other buckets reads all lists each time, and so does everybody at the check.</item>
/// </list>
/// </summary>
/// <param name="tells">What it begins with.</param>
/// <param name="maxCollections">Of a whole bucket.</param>
internal sealed class LiveSources(LiveTarget tells, int maxCollections)
{
    private readonly List<LiveSource> all = [.. tells.Sources];

    // By the pages that were read last.
    private bool isSettled;

    public int Count => all.Count;

    public LiveSource this[int index] => all[index];

    /// <summary>Whether it is one list, whose own stamp says up to where it was read.</summary>
    public bool IsOfOneList => all.Count == 1 && !tells.IsWhole;

    public ServerTimestamp Covered { get; private set; }

    public int Due => all.Count(static source => source.IsDue);

    public bool AreAllDue => all.TrueForAll(static source => source.IsDue);

    /// <summary>Whether the caller may read nothing of it.</summary>
    public bool AreAllClosed => all.TrueForAll(static source => source.Status != 0 || source.IsBucket);

    /// <summary>
    /// Whether the caller may read no list of it, with which no stream begins or goes on: somebody who may look for an object may have to find none, and whoever sees one sees what lies in it.
    /// </summary>
    public bool AreAllListsClosed => all.TrueForAll(static source => source.Status != 0 || source.IsObject);

    // Beside them the bucket itself, its collections and its groups.
    public bool HasTooMany => tells.IsWhole && all.Count > maxCollections + 3;

    /// <summary>Whose records alone matter, as a <see cref="LiveListener"/> is told it.</summary>
    public string? Collection => tells.IsWhole ? null
        : all.Where(static source => source.List.Role == ListRole.Records).Select(static source => source.List.Name).Distinct(StringComparer.Ordinal).Take(2).ToList() switch
        {
            [] => "",
            [var one] => one,
            _ => null,
        };

    public IEnumerable<LiveSource> Closed => all.Where(static source => source.Status != 0);

    /// <summary>By which the caller is refused an object of which they see nothing: as what lies in it.</summary>
    public int StatusOf(LiveSource gone) => all.Find(other => other.Path == $"{gone.Path}/records") is { Status: > 0 and var status } ? status : StatusCodes.Status403Forbidden;

    /// <summary>How many collections are looked for.</summary>
    public int LimitOf(LiveSource source) => Finds(source) ? maxCollections + 1 : 1;

    public void DueAll() => all.ForEach(static source => source.IsDue = true);

    /// <summary>What the news make due.</summary>
    /// <param name="news">The news.</param>
    /// <param name="isCheck">Whether all is to be looked at, whatever they say.</param>
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

    /// <summary>Puts those first that have to be told first, as far as that is known.</summary>
    /// <returns>Whether it was known of all that are due.</returns>
    public bool Order()
    {
        if (all.TrueForAll(static source => source.First == ServerTimestamp.Zero))
        {
            return false;
        }

        all.Sort(static (a, b) => a.First.CompareTo(b.First));
        return all.TrueForAll(static source => !source.IsDue || source.First > ServerTimestamp.Zero);
    }

    /// <summary>Those that are due were read.</summary>
    /// <param name="pages">What was found of those that may be read.</param>
    /// <param name="bound">Up to where all was told.</param>
    /// <param name="isFull">Whether all were due.</param>
    /// <param name="asOf">As new as the reads were.</param>
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

    /// <summary>A collection that was told to be gone.</summary>
    public void Lose(LiveSource source, StoredRecord record)
    {
        if (Finds(source) && record.IsTombstone)
        {
            all.RemoveAll(other => other.List == ListRef.RecordsOf(record.Id));
        }
    }

    private bool Finds(LiveSource source) => tells.IsWhole && source is { IsObject: false, List.Role: ListRole.Collections };
}
