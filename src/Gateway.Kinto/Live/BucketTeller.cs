using System.IO.Pipelines;
using System.Numerics;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Records;
using Lockstep.Core.Time;

namespace Lockstep.Gateway.Kinto.Live;

/// <summary>
/// Tells one client of the changes in one bucket, or in a part of it. Invariants:
/// <list type="number">
/// <item>What it sends is read as a poll with <c>_since</c> is, with the rights that the caller has at that time. Notices only say when to look, and at what.</item>
/// <item>Every object that has changed up to the id of an event, and that the caller may read, is in that event or an earlier one. So a client that reconnects with the
/// id misses nothing and gets nothing twice. An object is sent as it is when it is read, so states in between may be left out.</item>
/// <item>Events come in the order of their stamps. With several lists, they go no further than all of the lists are known: see <see cref="LiveSources"/>.</item>
/// <item>When a list starts over, for everybody or for this caller, all of it is sent again, after an event that says so. These events have no ids until all of the list
/// is sent, so a client that reconnects in between gets it from its start.</item>
/// <item>It reads nothing while its client takes nothing. For all lists together it holds a few MiB of pages, or less if there is no room. Of the other lists it knows
/// only the oldest change, and sends nothing newer than that.</item>
/// </list>
/// </summary>
/// <param name="live">The services that all streams share.</param>
/// <param name="request">The client's request.</param>
/// <param name="tells">The bucket, and the lists and objects that the stream covers.</param>
/// <param name="fields">The fields to show; null for all.</param>
internal sealed class BucketTeller(LiveServices live, KintoRequest request, LiveTarget tells, FieldSelection? fields) : IDisposable
{
    private const int MaxUnflushed = 32 << 10;

    // Bytes of pages from which on other lists wait; and the number of parts that the limits of a page are divided into at most.
    private const long MaxHeld = 4 << 20;
    private const int MaxShare = 16;

    // How often in a row all lists are looked at again at once, because one of them was written meanwhile. After that, the notice of the write is awaited.
    private const int MaxRepeats = 2;

    // How long until the next look if something could not be sent: a database is away, a notice is late, or a right takes effect later.
    private static readonly TimeSpan LaterTime = TimeSpan.FromSeconds(2);

    private readonly LiveSources sources = new(tells, live.Options.Live.MaxCollections);

    private readonly KintoTarget target = tells.Target;

    // When it looks without a notice: at all lists at each check, and again for changes that could not be sent.
    private readonly LiveCheck check = new(live.Options.Live.CheckTime, live.Time);
    private TimeSpan later = TimeSpan.MaxValue;
    private long looked;
    private Pass pass;
    private LiveListener? listener;

    private LivePosition ids = new([]);
    private int place;

    // Everything up to this stamp is sent.
    private ServerTimestamp position;

    // The newest stamp that is known to be committed.
    private ServerTimestamp known;

    // The position for the client once the stream has reached it, because a list that started over was sent up to there; zero for none.
    private ServerTimestamp told;

    private int repeats;

    // The answer that ends the stream once no list is left: the refusal of the last one.
    private KintoResponse? ending;

    /// <summary>Everything up to this stamp counts as sent when the stream begins.</summary>
    public ServerTimestamp Start => position;

    /// <summary>Whether it is time to look.</summary>
    public bool IsDue => pass == Pass.Again || listener!.IsTold || Left <= TimeSpan.Zero;

    /// <summary>Whether a list that started over is being sent, whose events have no ids yet. A client that has to reconnect now gets all of it again.</summary>
    public bool IsTellingAnew => told != ServerTimestamp.Zero;

    /// <summary>The time until it looks without a notice.</summary>
    public TimeSpan Left => Least(check.Left, later - live.Time.GetElapsedTime(looked));

    /// <summary>Checks whether the caller may read anything here.</summary>
    /// <param name="from">The position from which the client continues; null for now.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>The refusal; null if there can be a stream.</returns>
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

        // As for a poll, nobody can continue from a stamp that this server never issued, or that an older copy of the store does not have.
        position = from is { } given && given < now ? given : now;
        known = now;
        return sources.AreAllListsClosed ? refusal
            : sources.HasTooMany ? TooMany
            : null;
    }

    /// <summary>Begins to listen to the bucket, and tells the client what it cannot read there.</summary>
    /// <param name="output">The output to the client.</param>
    /// <param name="ids">The position from which the client continues.</param>
    /// <param name="place">The bucket's place in the position.</param>
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

    /// <summary>Looks for changes, and sends them.</summary>
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

    /// <summary>Sends new changes, as far as there is room for pages.</summary>
    private async ValueTask<Pass> LookAsync(PipeWriter output, LiveListener listener, bool isCheck, CancellationToken cancellationToken)
    {
        var news = listener.Take();
        known = ServerTimestamp.Max(known, news.Stamp);
        sources.Note(news, isCheck);
        var look = new Look(news.Version, sources.AreAllDue, sources.Order());
        var pages = new List<LivePage>();
        try
        {
            // :: Step 1: read a page of each list that is due. Collections that are found on the way are added.
            if (await ReadDueAsync(output, pages, look, listener, cancellationToken) is { } ended)
            {
                return ended;
            }

            // :: Step 2: send a list that started over by itself. The others are read again afterwards.
            if (pages.Find(page => HasBegunAnew(Since(page.Source), page.Page)) is { } begun)
            {
                Release(pages);

                // Pages that other streams have read before do not have this list as it is now.
                known = ServerTimestamp.Max(known, begun.Page.ListStamp);
                return await TellAnewAsync(output, begun.Source, begun.Page.ListStamp, news.Version, listener, cancellationToken);
            }

            // :: Step 3: send everything up to the stamp to which all lists are known.
            return await TellAsync(output, pages, look, cancellationToken);
        }
        finally
        {
            Release(pages);
        }
    }

    /// <returns>How the look has ended, if it cannot continue; otherwise null.</returns>
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
                // There is no room beside the pages that are held, so these are sent first.
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
        // :: Step 1: find the stamp to which every list is known. For one list it is its own stamp. For several it is what was committed before they were read, or is
        // known of those that were not read.
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

        // :: Step 2: send the changes in the order of their stamps.
        var count = 0;
        foreach (var (page, index) in ChangesOf(pages, bound!.Value))
        {
            // The stamp at which a list started over says nothing about that list, so a change with this stamp gets no id.
            var record = page.Page.Records[index];
            Write(output, page, index, record.Modified.Plus(1) == told ? null : record.Modified);
            count++;
            sources.Lose(page.Source, record);
            if (output.UnflushedBytes >= MaxUnflushed)
            {
                await output.FlushAsync(cancellationToken);
            }
        }

        // :: Step 3: note how far the stream has come.
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

        // A stream neither begins nor continues without a list. Changes of objects are sent first, such as the deletion of the collection.
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

    /// <param name="pages">The pages that were read.</param>
    /// <param name="look">How they were read.</param>
    /// <param name="hasMoved">Whether something was sent, or is known not to exist.</param>
    /// <param name="isBehind">Whether more is committed than was sent.</param>
    private Pass Next(List<LivePage> pages, Look look, bool hasMoved, bool isBehind)
    {
        var (isMore, isEarly) = (pages.Exists(static page => page.IsMore), pages.Exists(static page => page.IsBeyond));
        if (isMore && (hasMoved || (!look.IsOrdered && pages.Exists(static page => page.IsPeek))))
        {
            return Pass.Again;
        }

        // All lists were looked at, and one of them was written meanwhile. In other cases a notice of the missing changes is on its way.
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

    /// <summary>Sends all of a list that started over.</summary>
    /// <returns>
    /// <see cref="Pass.Again"/> when it was sent; if it starts over once more meanwhile, the next look finds that. <see cref="Pass.Later"/> when it was cut off, and has to be sent from its start.
    /// </returns>
    private async ValueTask<Pass> TellAnewAsync(
        PipeWriter output, LiveSource source, ServerTimestamp since, long version, LiveListener listener, CancellationToken cancellationToken)
    {
        if (!source.IsObject)
        {
            if (ids[place] == ServerTimestamp.Zero)
            {
                // A client that continues from zero counts as one that has nothing, and would not be told of deletions. This stamp is earlier than any restart of a list.
                ids[place] = new ServerTimestamp(1);
                EventWriter.WriteId(output, ids);
            }

            EventWriter.WriteReset(output, source.Path);
        }

        // Up to the stamp at which it started over, and the next one, which a restarted view has. Newer changes are sent in their order among those of other lists.
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
            // The caller may read other objects of its list, so nothing else says that they may not read this one.
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
    /// Other pages may follow an empty one, if the caller may read nothing of what was looked at. They may also follow a page of changes that were sent already: a
    /// request with the very stamp at which a list started over returns all of it.
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

    /// <summary>Every reader of lists is told so in this way: by an empty page with a newer stamp.</summary>
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
    /// <param name="Version">See <see cref="LiveNews"/>.</param>
    /// <param name="IsFull">Whether all of them are looked at.</param>
    /// <param name="IsOrdered">Whether those with the oldest changes come first.</param>
    private readonly record struct Look(long Version, bool IsFull, bool IsOrdered);
}
