using System.IO.Pipelines;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Records;
using Lockstep.Core.Time;

namespace Lockstep.Gateway.Kinto.Live;

/// <summary>
/// One client's stream of one bucket, or of a part of it. Invariants:
/// <list type="number">
/// <item>What it sends was read as a poll with <c>_since</c> is, by the caller's rights of then. Notices only say when to look.</item>
/// <item>All objects that have changed up to the id of an event, as far as the caller may read them, are in it and the events before it. So a client that comes back with the id misses
/// nothing and is told nothing twice. An object is told as it is when it is read: states in between may not show.</item>
/// <item>Events are in the order of their stamps. For several lists, that goes as far as all of them were read: up to a stamp that was committed before the first was.</item>
/// <item>When a list has begun anew, or the caller's rights in it, all of it is told again, behind an event that says so; events of it have no ids until all of it is told, so that a client that
/// comes back before begins it again.</item>
/// <item>It reads nothing further while its client takes nothing. It holds one page at most of each list.</item>
/// </list>
/// </summary>
internal sealed class LiveStream(LiveServices live, KintoRequest request, KintoTarget target, IEnumerable<LiveSource> tells, bool isWhole, FieldSelection? fields)
{
    private const int MaxUnflushed = 32 << 10;

    // After this is looked again for what could not be told: a database that is away, or a right whose time comes.
    private static readonly TimeSpan LaterTime = TimeSpan.FromSeconds(2);

    private readonly List<LiveSource> sources = [.. tells];

    // Up to where all is told.
    private ServerTimestamp position;

    // Committed for sure.
    private ServerTimestamp known;

    // What the client goes on from once the stream is as far, since a list that began anew is told up to there; zero for nothing.
    private ServerTimestamp told;

    // What it goes on from now.
    private ServerTimestamp sent;

    private bool IsOfOneList => sources.Count == 1 && !isWhole;

    /// <summary>Looks whether the caller may read anything of it.</summary>
    /// <param name="from">Where the client goes on from; null for now.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>Why there is no stream; null where there can be one.</returns>
    public async ValueTask<KintoResponse?> OpenAsync(ServerTimestamp? from, CancellationToken cancellationToken)
    {
        KintoResponse? refusal = null;
        var now = ServerTimestamp.Zero;
        for (var i = 0; i < sources.Count; i++)
        {
            var source = sources[i];
            var findsCollections = isWhole && source is { IsObject: false, List.Role: ListRole.Collections };
            var limit = findsCollections ? live.Options.Live.MaxCollections + 1 : 1;
            switch (await live.Reads.PeekAsync(target, source.List, limit, from ?? ServerTimestamp.Zero, cancellationToken))
            {
                case PageFound page:
                    now = ServerTimestamp.Max(now, page.ListStamp);
                    Find(source, page);
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
        position = sent = from is { } given && given < now ? given : now;
        known = now;
        return sources.TrueForAll(static source => source.Status != 0 || source.IsBucket) ? refusal
            : HasTooMany ? TooMany
            : null;
    }

    /// <summary>Sends until the client has gone, the stream is over, or <paramref name="cancellationToken"/> says so.</summary>
    public async ValueTask RunAsync(PipeWriter output, CancellationToken cancellationToken)
    {
        live.Metrics.StreamOpened();
        try
        {
            using var listener = live.Subscriptions.Listen(
                target.Bucket, !IsOfOneList ? null : sources[0].List.Role == ListRole.Records ? sources[0].List.Name : "");
            EventWriter.WriteHead(output, Jitter.Of(live.Options.Live.RetryTime, 0.5, 1.5), position);
            foreach (var source in sources.Where(static source => source.Status != 0))
            {
                EventWriter.WriteClosed(output, source.Path, source.Status);
            }

            await output.FlushAsync(cancellationToken);
            await FollowAsync(output, listener, cancellationToken);
        }
        finally
        {
            live.Metrics.StreamClosed();
        }
    }

    private async ValueTask FollowAsync(PipeWriter output, LiveListener listener, CancellationToken cancellationToken)
    {
        var (time, options, identity) = (live.Time, live.Options.Live, live.IdentityOf(request));
        var begun = time.GetTimestamp();
        var beaten = begun;

        // Not all at once, where many came at once.
        var check = Jitter.Of(options.CheckTime, 0.5, 1);
        while (await identity.IsGoodAsync(cancellationToken))
        {
            var looked = time.GetTimestamp();
            var pass = await LookAsync(output, listener, cancellationToken);

            // Of a list that has begun anew there is no id yet: whoever was sent away now would be told all of it again.
            if (pass == Pass.Ended || (told == ServerTimestamp.Zero && time.GetElapsedTime(begun) >= options.MaxTime))
            {
                return;
            }

            if (pass == Pass.Again)
            {
                continue;
            }

            var later = Jitter.Of(LaterTime, 0.75, 1.25);
            var next = pass == Pass.Later && later < check ? later : check;
            while (true)
            {
                var patience = Least(options.HeartbeatTime - time.GetElapsedTime(beaten), next - time.GetElapsedTime(looked), options.MaxTime - time.GetElapsedTime(begun));
                var isTold = await listener.WaitAsync(patience, time, cancellationToken);
                if (time.GetElapsedTime(begun) >= options.MaxTime)
                {
                    return;
                }

                if (time.GetElapsedTime(beaten) >= options.HeartbeatTime)
                {
                    EventWriter.WriteHeartbeat(output);
                    await output.FlushAsync(cancellationToken);
                    beaten = time.GetTimestamp();
                }

                if (isTold || time.GetElapsedTime(looked) >= next)
                {
                    break;
                }
            }

            check = options.CheckTime;
        }

        EventWriter.WriteEnd(output, KintoErrors.Unauthorized);
        await output.FlushAsync(cancellationToken);
    }

    /// <summary>Tells what is new, as far as a page of each list goes.</summary>
    private async ValueTask<Pass> LookAsync(PipeWriter output, LiveListener listener, CancellationToken cancellationToken)
    {
        var version = listener.Take();
        known = ServerTimestamp.Max(known, listener.Stamp);
        var pages = new List<(LiveSource Source, PageFound Page)>(sources.Count);
        var held = new List<SharedRead>(sources.Count);
        try
        {
            // :: Step 1: a page of each list. Collections that are found come along.
            KintoResponse? refusal = null;
            for (var i = 0; i < sources.Count; i++)
            {
                var source = sources[i];
                var (outcome, read) = await ReadAsync(source, Since(source), source.Own, cursor: null, version, listener.IsAlone, cancellationToken);
                held.Add(read);
                switch (outcome)
                {
                    case PageFound page:
                        source.Status = 0;
                        pages.Add((source, page));
                        Find(source, page);
                        break;
                    case Unavailable:
                        return Pass.Later;
                    default:
                        var refused = Render(outcome);
                        refusal ??= refused;
                        if (source.Status == 0 && !IsOfOneList)
                        {
                            EventWriter.WriteClosed(output, source.Path, refused.Status);
                        }

                        source.Status = refused.Status;
                        break;
                }
            }

            if (pages.TrueForAll(static page => page.Source.IsBucket) || HasTooMany)
            {
                EventWriter.WriteEnd(output, HasTooMany ? TooMany : refusal!);
                await output.FlushAsync(cancellationToken);
                return Pass.Ended;
            }

            // :: Step 2: a list that has begun anew is told by itself, and the others are read again behind it.
            if (pages.Find(page => HasBegunAnew(Since(page.Source), page.Page)) is { Source: { } anew } begun)
            {
                return await TellAnewAsync(output, anew, begun.Page.ListStamp, version, listener, cancellationToken);
            }

            // :: Step 3: what all of them are known up to.
            return await TellAsync(output, pages, cancellationToken);
        }
        finally
        {
            held.ForEach(static read => read.Release());
        }
    }

    private async ValueTask<Pass> TellAsync(PipeWriter output, List<(LiveSource Source, PageFound Page)> pages, CancellationToken cancellationToken)
    {
        // :: Step 1: up to where every list is known. Of one list that is its stamp; of several, what was committed before they were read.
        var bound = IsOfOneList ? (ServerTimestamp?)null : known;
        var (newest, before) = (known, position);
        var (isMore, isEarly) = (false, false);
        foreach (var (_, page) in pages)
        {
            var last = page.Records.Count > 0 ? page.Records[^1].Modified : ServerTimestamp.Zero;

            // The caller's view of the list is about to change, since groups of another bucket did: what is newer counts for them after that.
            var isBeyond = last > page.ListStamp;
            isEarly |= isBeyond;
            isMore |= page.Next is not null;
            newest = ServerTimestamp.Max(newest, isBeyond ? page.ListStamp : ServerTimestamp.Max(last, page.ListStamp));
            if (page.Next is not null || isBeyond || IsOfOneList)
            {
                var end = page.Next is not null && !isBeyond ? last : page.ListStamp;
                bound = bound is { } least && least < end ? least : end;
            }
        }

        // :: Step 2: in the order of stamps.
        var changes = pages.SelectMany(page => page.Page.Records.Where(record => record.Modified <= bound && record.Modified > page.Source.Own && page.Source.Has(record)).Select(record => (page.Source, Record: record)));
        var count = 0;
        foreach (var (source, record) in pages.Count == 1 ? changes : changes.OrderBy(static change => change.Record.Modified.Milliseconds))
        {
            // One with the stamp from which a list began anew says nothing of that list.
            Write(output, source, record, record.Modified.Plus(1) == told ? null : record.Modified);
            count++;
            if (isWhole && record.IsTombstone && source is { IsObject: false, List.Role: ListRole.Collections })
            {
                sources.RemoveAll(other => other.List == ListRef.RecordsOf(record.Id));
            }

            if (output.UnflushedBytes >= MaxUnflushed)
            {
                await output.FlushAsync(cancellationToken);
            }
        }

        // :: Step 3: the stream is as far.
        position = IsOfOneList ? bound!.Value : ServerTimestamp.Max(position, bound!.Value);
        known = ServerTimestamp.Max(known, newest);
        if (told != ServerTimestamp.Zero && position >= told)
        {
            if (sent < told)
            {
                EventWriter.WriteId(output, sent = told);
            }

            told = ServerTimestamp.Zero;
        }

        if (output.UnflushedBytes > 0)
        {
            await output.FlushAsync(cancellationToken);
        }

        live.Metrics.ChangesSent(count);
        var hasMoved = count > 0 || position > before;
        var goesOn = isMore || (!IsOfOneList && known > bound);
        return goesOn && (hasMoved || !(isMore || isEarly)) ? Pass.Again : goesOn || isEarly ? Pass.Later : Pass.Done;
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
            EventWriter.WriteReset(output, source.Path);
        }

        // Up to where it began, and the next stamp, which is that of a view that began anew. What is newer is told in its place among the changes of other lists.
        var (end, count) = (since.Plus(1), 0);
        PageCursor? cursor = null;
        do
        {
            var (outcome, read) = await ReadAsync(source, ServerTimestamp.Zero, ServerTimestamp.Zero, cursor, version, listener.IsAlone, cancellationToken);
            try
            {
                if (outcome is not PageFound page)
                {
                    return outcome is Unavailable ? Pass.Later : Pass.Again;
                }

                end = page.ListStamp < end ? page.ListStamp : end;
                foreach (var record in page.Records.Where(record => record.Modified <= end && source.Has(record)))
                {
                    Write(output, source, record, position: null);
                    count++;
                    if (output.UnflushedBytes >= MaxUnflushed)
                    {
                        await output.FlushAsync(cancellationToken);
                    }
                }

                await output.FlushAsync(cancellationToken);
                Find(source, page);
                cursor = page.Records.Count > 0 && page.Records[^1].Modified > end ? null : page.Next;
            }
            finally
            {
                read.Release();
            }
        }
        while (cursor is not null);

        live.Metrics.ChangesSent(count);
        source.Own = end;
        known = ServerTimestamp.Max(known, end);
        told = ServerTimestamp.Max(told, end);
        return Pass.Again;
    }

    /// <summary>
    /// A page that is empty may have others behind it: what was looked at was nothing that the caller may read. So may one of what was told already: who asks with the very stamp from which a
    /// list began anew is given all of it.
    /// </summary>
    private async ValueTask<(Outcome Outcome, SharedRead Read)> ReadAsync(
        LiveSource source, ServerTimestamp since, ServerTimestamp upTo, PageCursor? cursor, long version, bool isAlone, CancellationToken cancellationToken)
    {
        while (true)
        {
            var read = live.Reads.Read(new ReadKey(target.Bucket, target.Caller, source.List, since, cursor, version, known), request.Who, isAlone);
            try
            {
                var outcome = await read.Outcome.WaitAsync(cancellationToken);
                if (outcome is not PageFound { Next: { } next } page || (page.Records.Count > 0 && page.Records[^1].Modified > upTo))
                {
                    return (outcome, read);
                }

                cursor = next;
            }
            catch
            {
                read.Release();
                throw;
            }

            read.Release();
        }
    }

    private ServerTimestamp Since(LiveSource source) => ServerTimestamp.Max(position, source.Own);

    /// <summary>As every reader of lists is told it: an empty page with a newer stamp.</summary>
    private static bool HasBegunAnew(ServerTimestamp since, PageFound page) =>
        page.Records.Count == 0 && since > ServerTimestamp.Zero && page.ListStamp > since;

    private void Find(LiveSource source, PageFound page)
    {
        if (!isWhole || source is not { IsObject: false, List.Role: ListRole.Collections })
        {
            return;
        }

        foreach (var record in page.Records)
        {
            var list = ListRef.RecordsOf(record.Id);
            if (!record.IsTombstone && !sources.Exists(other => other.List == list))
            {
                sources.Add(LiveSource.Of(target.Records(record.Id)));
            }
        }
    }

    // Beside them the bucket itself, its collections and its groups.
    private bool HasTooMany => isWhole && sources.Count > live.Options.Live.MaxCollections + 3;

    private KintoResponse TooMany => KintoErrors.Invalid(
        "path", null, $"A stream of a bucket tells of at most {live.Options.Live.MaxCollections} collections. Ask for streams of collections.");

    private void Write(PipeWriter output, LiveSource source, StoredRecord record, ServerTimestamp? position)
    {
        EventWriter.WriteChange(output, position, source.PathOf(record), source.List.Role == ListRole.Self ? target.BucketName : record.Id, record, fields);
        sent = position ?? sent;
    }

    private KintoResponse Render(Outcome outcome) => KintoOutcomes.Render(outcome, request, target, fields: null, live.Options);

    private static TimeSpan Least(TimeSpan a, TimeSpan b, TimeSpan c)
    {
        var least = a < b ? a : b;
        return least < c ? least : c;
    }
}
