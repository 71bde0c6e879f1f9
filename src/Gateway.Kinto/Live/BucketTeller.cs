using System.IO.Pipelines;
using System.Numerics;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Records;
using Lockstep.Core.Time;

namespace Lockstep.Gateway.Kinto.Live;

/// <summary>
/// Tells one client of one bucket, or of a part of it. Invariants:
/// <list type="number">
/// <item>What it sends was read as a poll with <c>_since</c> is, by the caller's rights of then. Notices say when to look, and at what.</item>
/// <item>All objects that have changed up to the id of an event, as far as the caller may read them, are in it and the events before it. So a client that comes back with the id misses
/// nothing and is told nothing twice. An object is told as it is when it is read: states in between may not show.</item>
/// <item>Events are in the order of their stamps. For several lists, that goes as far as all of them are known: see <see cref="LiveSources"/>.</item>
/// <item>When a list has begun anew, or the caller's rights in it, all of it is told again, behind an event that says so; events of it have no ids until all of it is told, so that a client that
/// comes back before begins it again.</item>
/// <item>It reads nothing further while its client takes nothing. Of all lists together it holds a few MiB of pages, and less where there is no room: of the other lists it knows their oldest
/// change, and tells up to there.</item>
/// </list>
/// </summary>
/// <param name="live">What all streams have in common.</param>
/// <param name="request">What the client asked.</param>
/// <param name="tells">Of what.</param>
/// <param name="fields">What is shown of objects; null for all.</param>
internal sealed class BucketTeller(LiveServices live, KintoRequest request, LiveTarget tells, FieldSelection? fields) : IDisposable
{
    private const int MaxUnflushed = 32 << 10;

    // Bytes of pages, after which other lists wait; and in how many parts a page is shared at most.
    private const long MaxHeld = 4 << 20;
    private const int MaxShare = 16;

    // How often in a row all lists are looked at again at once, since one of them was written to meanwhile. After that its notice is waited for.
    private const int MaxRepeats = 2;

    // After this is looked again for what could not be told: a database that is away, a notice that is late, or a right whose time comes.
    private static readonly TimeSpan LaterTime = TimeSpan.FromSeconds(2);

    private readonly LiveSources sources = new(tells, live.Options.Live.MaxCollections);

    private readonly KintoTarget target = tells.Target;

    // When it looks by itself: at all lists each time that it is due, and for what could not be told.
    private readonly LiveCheck check = new(live.Options.Live.CheckTime, live.Time);
    private TimeSpan later = TimeSpan.MaxValue;
    private long looked;
    private Pass pass;
    private LiveListener? listener;

    private LivePosition ids = new([]);
    private int place;

    // Up to where all is told.
    private ServerTimestamp position;

    // Committed for sure.
    private ServerTimestamp known;

    // What the client goes on from once the stream is as far, since a list that began anew is told up to there; zero for nothing.
    private ServerTimestamp told;

    private int repeats;

    // What the stream ends with once no list is left: why the last one was refused.
    private KintoResponse? ending;

    /// <summary>Up to where all is told, as it begins.</summary>
    public ServerTimestamp Start => position;

    /// <summary>Whether there is something to look for now.</summary>
    public bool IsDue => pass == Pass.Again || listener!.IsTold || Left <= TimeSpan.Zero;

    /// <summary>Whether a list that has begun anew is being told, of which there is no id yet: whoever is sent away now is told all of it again.</summary>
    public bool IsTellingAnew => told != ServerTimestamp.Zero;

    /// <summary>How long until it looks by itself.</summary>
    public TimeSpan Left => Least(check.Left, later - live.Time.GetElapsedTime(looked));

    /// <summary>Looks whether the caller may read anything of it.</summary>
    /// <param name="from">Where the client goes on from; null for now.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>Why there is no stream; null where there can be one.</returns>
    public async ValueTask<KintoResponse?> OpenAsync(ServerTimestamp? from, CancellationToken cancellationToken)
    {
        KintoResponse? refusal = null;
        var now = ServerTimestamp.Zero;
        for (var i = 0; i < sources.Count; i++)
        {
            var source = sources[i];
            switch (await live.Reads.PeekAsync(target, source.List, sources.LimitOf(source), from ?? ServerTimestamp.Zero, cancellationToken))
            {
                case PageFound page:
                    now = ServerTimestamp.Max(now, page.ListStamp);
                    sources.Find(source, page);
                    break;
                case Unavailable unavailable:
                    return Render(unavailable);
                case var refused:
                    var response = Render(refused);
                    source.Status = response.Status;
                    refusal ??= response;
                    break;
            }
        }

        // What nobody has given, or an older copy of the store knows nothing of, is no place to go on from: as for a poll.
        position = from is { } given && given < now ? given : now;
        known = now;
        return sources.AreAllListsClosed ? refusal
            : sources.HasTooMany ? TooMany
            : null;
    }

    /// <summary>Hears of the bucket from now on, and tells what the client cannot read of it.</summary>
    /// <param name="output">The client's.</param>
    /// <param name="ids">What the client goes on from.</param>
    /// <param name="place">The bucket's among these.</param>
    /// <param name="signal">Wakes the stream.</param>
    public void Begin(PipeWriter output, LivePosition ids, int place, LiveSignal signal)
    {
        (this.ids, this.place) = (ids, place);
        listener = live.Subscriptions.Listen(target.Bucket, sources.Collection, target.Caller, signal);
        foreach (var source in sources.Closed)
        {
            EventWriter.WriteClosed(output, source.Path, source.Status);
        }
    }

    public void Dispose() => listener?.Dispose();

    /// <summary>Looks whether there is something to tell, and tells it.</summary>
    /// <returns>False when the stream is over: its last event is written.</returns>
    public async ValueTask<bool> LookAsync(PipeWriter output, CancellationToken cancellationToken)
    {
        var isCheck = Left <= TimeSpan.Zero;
        looked = live.Time.GetTimestamp();
        if (isCheck || sources.IsOfOneList)
        {
            check.Begin();
        }

        pass = await LookAsync(output, listener!, isCheck, cancellationToken);
        later = pass == Pass.Later ? Jitter.Of(LaterTime, 0.75, 1.25) : TimeSpan.MaxValue;
        return pass != Pass.Ended;
    }

    /// <summary>Tells what is new, as far as the pages go that there is room for.</summary>
    private async ValueTask<Pass> LookAsync(PipeWriter output, LiveListener listener, bool isCheck, CancellationToken cancellationToken)
    {
        var news = listener.Take();
        known = ServerTimestamp.Max(known, news.Stamp);
        sources.Note(news, isCheck);
        var look = new Look(news.Version, sources.AreAllDue, sources.Order());
        var pages = new List<LivePage>();
        try
        {
            // :: Step 1: a page of each list that is due. Collections that are found come along.
            if (await ReadDueAsync(output, pages, look, listener, cancellationToken) is { } ended)
            {
                return ended;
            }

            // :: Step 2: a list that has begun anew is told by itself, and the others are read again behind it.
            if (pages.Find(page => HasBegunAnew(Since(page.Source), page.Page)) is { } begun)
            {
                Release(pages);

                // What others have read before is not of this list as it is now.
                known = ServerTimestamp.Max(known, begun.Page.ListStamp);
                return await TellAnewAsync(output, begun.Source, begun.Page.ListStamp, news.Version, listener, cancellationToken);
            }

            // :: Step 3: what all of them are known up to.
            return await TellAsync(output, pages, look, cancellationToken);
        }
        finally
        {
            Release(pages);
        }
    }

    /// <returns>How the look has ended, where it cannot go on; null where it can.</returns>
    private async ValueTask<Pass?> ReadDueAsync(PipeWriter output, List<LivePage> pages, Look look, LiveListener listener, CancellationToken cancellationToken)
    {
        KintoResponse? refusal = null;
        var share = Math.Clamp((int)BitOperations.RoundUpToPowerOf2((uint)sources.Due), 1, MaxShare);
        var isCut = false;
        for (var i = 0; i < sources.Count; i++)
        {
            var source = sources[i];
            if (!source.IsDue)
            {
                continue;
            }

            var (outcome, read) = await ReadAsync(source, Since(source), source.Own, cursor: null, isCut ? 0 : share, pages.Count == 0, look.Version, listener, cancellationToken);
            if (outcome is Unavailable && !isCut && pages.Count > 0)
            {
                // No room beside what is held: that is told first.
                read.Release();
                isCut = true;
                (outcome, read) = await ReadAsync(source, Since(source), source.Own, cursor: null, share: 0, waits: false, look.Version, listener, cancellationToken);
            }

            if (outcome is PageFound page)
            {
                source.Status = 0;
                pages.Add(new LivePage(source, read, page, isCut));
                sources.Find(source, page);
                isCut |= pages.Sum(static one => one.Read.Size) >= MaxHeld;
                continue;
            }

            read.Release();
            if (outcome is Unavailable)
            {
                return Pass.Later;
            }

            var refused = Render(outcome);
            refusal ??= refused;
            if (source.Status == 0 && !sources.IsOfOneList)
            {
                EventWriter.WriteClosed(output, source.Path, refused.Status);
            }

            source.Status = refused.Status;
        }

        ending = refusal ?? ending;
        if (!sources.HasTooMany && !(sources.AreAllClosed && refusal is not null))
        {
            return null;
        }

        EventWriter.WriteEnd(output, sources.HasTooMany ? TooMany : refusal!);
        await output.FlushAsync(cancellationToken);
        return Pass.Ended;
    }

    private async ValueTask<Pass> TellAsync(PipeWriter output, List<LivePage> pages, Look look, CancellationToken cancellationToken)
    {
        // :: Step 1: up to where every list is known. Of one list that is its stamp; of several, what was committed before they were read, or is known of those that were not.
        var isOfOne = sources.IsOfOneList;
        if (isOfOne && pages.Count == 0)
        {
            return Pass.Done;
        }

        var asOf = known;
        var bound = isOfOne ? (ServerTimestamp?)null : look.IsFull || known < sources.Covered ? known : sources.Covered;
        var (newest, before) = (known, position);
        foreach (var page in pages)
        {
            newest = ServerTimestamp.Max(newest, page.IsBeyond ? page.Page.ListStamp : ServerTimestamp.Max(page.Last, page.Page.ListStamp));
            if ((isOfOne ? page.EndOfOne : page.End) is { } end && !(bound < end))
            {
                bound = end;
            }
        }

        // :: Step 2: in the order of stamps.
        var count = 0;
        foreach (var (page, index) in ChangesOf(pages, bound!.Value))
        {
            // One with the stamp from which a list began anew says nothing of that list.
            var record = page.Page.Records[index];
            Write(output, page, index, record.Modified.Plus(1) == told ? null : record.Modified);
            count++;
            sources.Lose(page.Source, record);
            if (output.UnflushedBytes >= MaxUnflushed)
            {
                await output.FlushAsync(cancellationToken);
            }
        }

        // :: Step 3: the stream is as far.
        position = isOfOne ? bound.Value : ServerTimestamp.Max(position, bound.Value);
        known = ServerTimestamp.Max(known, newest);
        sources.Read(pages, bound.Value, look.IsFull, asOf);
        if (told != ServerTimestamp.Zero && position >= told)
        {
            if (ids[place] < told)
            {
                ids[place] = told;
                EventWriter.WriteId(output, ids);
            }

            told = ServerTimestamp.Zero;
        }

        // No stream begins without a list, and none goes on without one. What there was of an object is told first, such as that its collection was deleted.
        var isOver = sources.AreAllListsClosed && sources.Due == 0;
        if (isOver)
        {
            EventWriter.WriteEnd(output, ending!);
        }

        if (output.UnflushedBytes > 0)
        {
            await output.FlushAsync(cancellationToken);
        }

        live.Metrics.ChangesSent(count);
        return isOver ? Pass.Ended : Next(pages, look, count > 0 || position > before, isBehind: !isOfOne && known > bound);
    }

    /// <param name="pages">What was read.</param>
    /// <param name="look">How.</param>
    /// <param name="hasMoved">Whether something was told, or is known not to be there.</param>
    /// <param name="isBehind">Whether more is committed than was told.</param>
    private Pass Next(List<LivePage> pages, Look look, bool hasMoved, bool isBehind)
    {
        var (isMore, isEarly) = (pages.Exists(static page => page.IsMore), pages.Exists(static page => page.IsBeyond));
        if (isMore && (hasMoved || (!look.IsOrdered && pages.Exists(static page => page.IsPeek))))
        {
            return Pass.Again;
        }

        // All lists were looked at, and one of them was written to meanwhile. What is behind otherwise has its notice on the way.
        if (isBehind && look.IsFull && (hasMoved || !isEarly) && repeats < MaxRepeats)
        {
            repeats++;
            sources.DueAll();
            return Pass.Again;
        }

        repeats = isBehind ? repeats : 0;
        return isMore || isEarly || isBehind ? Pass.Later : Pass.Done;
    }

    private static IEnumerable<(LivePage Page, int Index)> ChangesOf(List<LivePage> pages, ServerTimestamp bound)
    {
        var changes = pages.SelectMany(page => page.Page.Records.Index()
            .Where(record => record.Item.Modified <= bound && record.Item.Modified > page.Source.Own && page.Source.Has(record.Item))
            .Select(record => (Page: page, record.Index)));
        return pages.Count == 1 ? changes : changes.OrderBy(static change => change.Page.Page.Records[change.Index].Modified.Milliseconds);
    }

    private static void Release(List<LivePage> pages)
    {
        pages.ForEach(static page => page.Read.Release());
        pages.Clear();
    }

    /// <summary>Tells all of a list that has begun anew.</summary>
    /// <returns>
    /// <see cref="Pass.Again"/>; when it begins anew once more meanwhile the next look finds that. <see cref="Pass.Later"/> when it was cut off, and is told from the start then.
    /// </returns>
    private async ValueTask<Pass> TellAnewAsync(
        PipeWriter output, LiveSource source, ServerTimestamp since, long version, LiveListener listener, CancellationToken cancellationToken)
    {
        if (!source.IsObject)
        {
            if (ids[place] == ServerTimestamp.Zero)
            {
                // From zero it would be read as by somebody who has nothing, without a word of what has gone. This is before all that begins anew.
                ids[place] = new ServerTimestamp(1);
                EventWriter.WriteId(output, ids);
            }

            EventWriter.WriteReset(output, source.Path);
        }

        // Up to where it began, and the next stamp, which is that of a view that began anew. What is newer is told in its place among the changes of other lists.
        var (end, count, isThere) = (since.Plus(1), 0, false);
        PageCursor? cursor = null;
        do
        {
            var (outcome, read) = await ReadAsync(source, ServerTimestamp.Zero, ServerTimestamp.Zero, cursor, share: 1, waits: true, version, listener, cancellationToken);
            try
            {
                if (outcome is not PageFound page)
                {
                    sources.DueAll();
                    return outcome is Unavailable ? Pass.Later : Pass.Again;
                }

                end = page.ListStamp < end ? page.ListStamp : end;
                var found = new LivePage(source, read, page, IsPeek: false);
                for (var i = 0; i < page.Records.Count; i++)
                {
                    if (!source.Has(page.Records[i]))
                    {
                        continue;
                    }

                    isThere = true;
                    if (page.Records[i].Modified > end)
                    {
                        continue;
                    }

                    Write(output, found, i, position: null);
                    count++;
                    if (output.UnflushedBytes >= MaxUnflushed)
                    {
                        await output.FlushAsync(cancellationToken);
                    }
                }

                await output.FlushAsync(cancellationToken);
                sources.Find(source, page);
                cursor = page.Records.Count > 0 && page.Records[^1].Modified > end ? null : page.Next;
            }
            finally
            {
                read.Release();
            }
        }
        while (cursor is not null);

        if (source.IsObject && !isThere)
        {
            // Others of its list are the caller's to read, so that nothing else says that this one is not.
            EventWriter.WriteClosed(output, source.Path, sources.StatusOf(source));
        }

        live.Metrics.ChangesSent(count);
        source.Own = end;
        known = ServerTimestamp.Max(known, end);
        told = ServerTimestamp.Max(told, end);
        sources.DueAll();
        return Pass.Again;
    }

    /// <summary>
    /// A page that is empty may have others behind it: what was looked at was nothing that the caller may read. So may one of what was told already: who asks with the very stamp from which a
    /// list began anew is given all of it.
    /// </summary>
    private async ValueTask<(Outcome Outcome, SharedRead Read)> ReadAsync(
        LiveSource source, ServerTimestamp since, ServerTimestamp upTo, PageCursor? cursor, int share, bool waits, long version, LiveListener listener, CancellationToken cancellationToken)
    {
        while (true)
        {
            var (outcome, read) = await live.Reads.ReadAsync(new ReadKey(target.Bucket, source.List, since, cursor, version, known, share), listener, request.Who, waits, cancellationToken);
            if (outcome is not PageFound { Next: { } next } page || (page.Records.Count > 0 && page.Records[^1].Modified > upTo))
            {
                return (outcome, read);
            }

            cursor = next;
            read.Release();
        }
    }

    private ServerTimestamp Since(LiveSource source) => ServerTimestamp.Max(position, source.Own);

    /// <summary>As every reader of lists is told it: an empty page with a newer stamp.</summary>
    private static bool HasBegunAnew(ServerTimestamp since, PageFound page) =>
        page.Records.Count == 0 && since > ServerTimestamp.Zero && page.ListStamp > since;

    private KintoResponse TooMany => KintoErrors.Invalid(
        "path", null, $"A stream of a bucket tells of at most {live.Options.Live.MaxCollections} collections. Ask for streams of collections.");

    private void Write(PipeWriter output, LivePage page, int index, ServerTimestamp? position)
    {
        var record = page.Page.Records[index];
        if (position is { } stamp)
        {
            ids[place] = stamp;
        }

        var at = position is null ? null : ids;
        var (path, id) = (page.Source.PathOf(record), page.Source.IsBucket ? target.BucketName : record.Id);
        if (fields is null && page.Read.IsShared)
        {
            EventWriter.WriteChange(output, at, page.Read.Render(index, page.Page, path, id));
        }
        else
        {
            EventWriter.WriteChange(output, at, path, id, record, fields);
        }
    }

    private KintoResponse Render(Outcome outcome) => KintoOutcomes.Render(outcome, request, target, fields: null, live.Options);

    private static TimeSpan Least(TimeSpan a, TimeSpan b) => a < b ? a : b;

    /// <summary>How the lists are looked at.</summary>
    /// <param name="Version">As of <see cref="LiveNews"/>.</param>
    /// <param name="IsFull">All of them.</param>
    /// <param name="IsOrdered">Those first whose changes are the oldest.</param>
    private readonly record struct Look(long Version, bool IsFull, bool IsOrdered);
}
