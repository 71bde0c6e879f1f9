using System.IO.Pipelines;
using Lockstep.Core.Time;

namespace Lockstep.Gateway.Kinto.Live;

/// <summary>One client's stream, of one or several buckets. It looks at a bucket when it is told to, and now and then without being told. It keeps the connection alive,
/// and ends when its time is over.</summary>
internal sealed class LiveStream(LiveServices live, KintoRequest request, IReadOnlyList<BucketTeller> tellers)
{
    /// <summary>Checks whether the caller may read something in each bucket.</summary>
    /// <param name="from">The position from which the client continues in each bucket; null for now.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>The refusal; null if there can be a stream.</returns>
    public async ValueTask<KintoResponse?> OpenAsync(IReadOnlyList<ServerTimestamp>? from, CancellationToken cancellationToken)
    {
        for (var i = 0; i < tellers.Count; i++)
        {
            if (await tellers[i].OpenAsync(from?[i], cancellationToken) is { } refusal)
            {
                return refusal;
            }
        }

        return null;
    }

    /// <summary>Sends until the client has gone, the stream is over, or <paramref name="cancellationToken"/> says so.</summary>
    public async ValueTask RunAsync(PipeWriter output, CancellationToken cancellationToken)
    {
        live.Metrics.StreamOpened();
        try
        {
            var (signal, ids) = (new LiveSignal(), new LivePosition(tellers.Select(static teller => teller.Start)));
            EventWriter.WriteHead(output, Jitter.Of(live.Options.Live.RetryTime, 0.5, 1.5), ids);
            for (var i = 0; i < tellers.Count; i++)
            {
                tellers[i].Begin(output, ids, i, signal);
            }

            await output.FlushAsync(cancellationToken);
            await FollowAsync(output, signal, cancellationToken);
        }
        finally
        {
            foreach (var teller in tellers)
            {
                teller.Dispose();
            }

            live.Metrics.StreamClosed();
        }
    }

    private async ValueTask FollowAsync(PipeWriter output, LiveSignal signal, CancellationToken cancellationToken)
    {
        var (time, options, identity) = (live.Time, live.Options.Live, live.IdentityOf(request));
        var begun = time.GetTimestamp();
        var beaten = begun;
        while (await identity.IsGoodAsync(cancellationToken))
        {
            foreach (var teller in tellers)
            {
                if (teller.IsDue && !await teller.LookAsync(output, cancellationToken))
                {
                    return;
                }
            }

            while (!tellers.Any(static teller => teller.IsDue))
            {
                var patience = tellers.Min(static teller => teller.Left);
                patience = Least(Least(patience, options.HeartbeatTime - time.GetElapsedTime(beaten)), options.MaxTime - time.GetElapsedTime(begun));
                await signal.WaitAsync(patience, time, cancellationToken);
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
            }

            if (time.GetElapsedTime(begun) >= options.MaxTime && !tellers.Any(static teller => teller.IsTellingAnew))
            {
                return;
            }
        }

        EventWriter.WriteEnd(output, KintoErrors.Unauthorized);
        await output.FlushAsync(cancellationToken);
    }

    private static TimeSpan Least(TimeSpan a, TimeSpan b) => a < b ? a : b;
}
