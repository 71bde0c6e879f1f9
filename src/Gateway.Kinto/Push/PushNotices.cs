using Lockstep.Core.Buckets;
using Lockstep.Core.Live;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Push;
using Lockstep.Core.Storage;
using Lockstep.Core.Time;
using Lockstep.Gateway.Metering;

namespace Lockstep.Gateway.Kinto.Push;

/// <summary>
/// Wakes apps whose buckets have changed. Owners of this process note changed buckets; every now and then their subscriptions are looked up, all together, and each is read as its owner
/// may read. Invariants:
/// <list type="number">
/// <item>A write waits for nothing here, and costs no look-up: not even whether its bucket has subscriptions is known.</item>
/// <item>A notice is noted in the store before it is sent, on the condition that nobody else has: so of several processes one sends it. One that is noted and not sent is lost.</item>
/// <item>Nobody is told of what they may not read.</item>
/// </list>
/// </summary>
internal sealed partial class PushNotices : BackgroundService
{
    private const int BucketsAtOnce = 500;
    private const int SubscriptionsAtOnce = 200;

    // From the next refusal in a row on, a subscription is left alone for a while.
    private const int FreeRefusals = 2;

    private static readonly TimeSpan LongestWait = TimeSpan.FromDays(1);
    private static readonly TimeSpan LogInterval = TimeSpan.FromMinutes(1);

    private readonly IPushStore store;
    private readonly PushUsers users;
    private readonly PushView view;
    private readonly PushSender sender;
    private readonly PushOptions options;
    private readonly GatewayMetrics metrics;
    private readonly TimeProvider time;
    private readonly ILogger<PushNotices> logger;
    private readonly ChangedBuckets changed;

    // Subscriptions that had nothing new, since what changed in their buckets was not what they are about.
    private readonly PushPauses pauses;

    // Subscriptions whose notices the push service refuses.
    private readonly PushPauses refusals;
    private readonly Lock gate = new();

    // Buckets with something to tell that is not due.
    private readonly Dictionary<BucketId, ServerTimestamp> waiting = [];
    private long? logged;
    private long? faultLogged;

    public PushNotices(
        LiveFeed feed, IPushStore store, PushUsers users, PushView view, PushSender sender, KintoOptions options, GatewayMetrics metrics, TimeProvider time, ILogger<PushNotices> logger)
    {
        (this.store, this.users, this.view, this.sender, this.options, this.metrics, this.time, this.logger) = (store, users, view, sender, options.Push, metrics, time, logger);
        changed = new ChangedBuckets(options.Push.MaxBuckets);
        pauses = new PushPauses(options.Push.MergeTime, options.Push.Interval, options.Push.MaxBuckets, time);
        refusals = new PushPauses(options.Push.Interval, LongestWait, options.Push.MaxBuckets, time) { Free = FreeRefusals };
        feed.OnCommitted(changed.Add);
    }

    /// <summary>Looks at all buckets that have changed, and at those whose time has come.</summary>
    public async Task RunOnceAsync(CancellationToken cancellationToken)
    {
        BringDue();
        pauses.Sweep();
        refusals.Sweep();
        foreach (var buckets in changed.Take().Chunk(BucketsAtOnce))
        {
            try
            {
                PushSubscription? last = null;
                IReadOnlyList<PushSubscription> page;
                do
                {
                    page = await store.ListAsync(buckets, last, SubscriptionsAtOnce, cancellationToken);
                    await Parallel.ForEachAsync(
                        page, new ParallelOptions { MaxDegreeOfParallelism = options.MaxAtOnce, CancellationToken = cancellationToken }, LookAfterAsync);
                    last = page.Count > 0 ? page[^1] : null;
                }
                while (page.Count == SubscriptionsAtOnce);
            }
            catch (Exception e) when (e is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
            {
                // It comes round again.
                foreach (var bucket in buckets)
                {
                    Wait(bucket, Next(TimeSpan.Zero));
                }

                Log(e);
            }
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(options.MergeTime, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                await RunOnceAsync(stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The server stops.
        }
    }

    private async ValueTask LookAfterAsync(PushSubscription subscription, CancellationToken cancellationToken)
    {
        try
        {
            if (subscription.Due > ServerTimestamp.Now(time))
            {
                Wait(subscription.Bucket, subscription.Due);
            }
            else if ((refusals.Of(subscription) ?? pauses.Of(subscription)) is { } until)
            {
                Wait(subscription.Bucket, until);
            }
            else if (await users.FindAsync(subscription.Owner, cancellationToken) is var (user, isDisabled) && user is null)
            {
                // A disabled account is told of nothing. What changes once it is enabled again wakes its apps.
                if (!isDisabled)
                {
                    await store.RemoveAsync(subscription, cancellationToken);
                }
            }
            else
            {
                var (stamp, refusal) = await view.ReadAsync(user, subscription.Bucket, subscription.Collection, subscription.Told, cancellationToken);
                if (refusal is Unavailable)
                {
                    Wait(subscription.Bucket, Next(TimeSpan.Zero));
                }
                else if (refusal is not null)
                {
                    await store.RemoveAsync(subscription, cancellationToken);
                }
                else if (stamp <= subscription.Told)
                {
                    pauses.Lengthen(subscription);
                }
                else
                {
                    pauses.End(subscription);
                    await TellAsync(subscription, stamp, cancellationToken);
                }
            }
        }
        catch (Exception e) when (e is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            Wait(subscription.Bucket, Next(TimeSpan.Zero));
            Log(e);
        }
    }

    private async ValueTask TellAsync(PushSubscription subscription, ServerTimestamp stamp, CancellationToken cancellationToken)
    {
        var told = subscription with { Told = stamp, Due = Next(TimeSpan.Zero) };
        if (!await store.NoteAsync(subscription, told, cancellationToken))
        {
            return;
        }

        var result = await sender.SendAsync(subscription, stamp, cancellationToken);
        Count(result.Status);
        if (result.Reason.Length > 0)
        {
            Log(result.Reason);
        }

        if (result.Status is PushStatus.Taken)
        {
            refusals.End(subscription);
        }
        else if (result.Status is PushStatus.Refused)
        {
            // The request, the key or the subject is wrong (RFC 8292, 4.2). No further notice mends that, but the app can with another subscription, or the operator with a setting.
            refusals.Lengthen(subscription);
        }

        switch (result.Status)
        {
            case PushStatus.Gone:
                await store.RemoveAsync(told, cancellationToken);
                break;
            case PushStatus.Later when subscription.Tries + 1 < options.Tries:
                // Waits get longer, whatever the push service says.
                var next = told with { Told = subscription.Told, Due = Next(Longer(result.RetryAfter ?? TimeSpan.Zero, options.Interval * (1 << Math.Min(subscription.Tries, 10)))), Tries = subscription.Tries + 1 };
                if (await store.NoteAsync(told, next, cancellationToken))
                {
                    Wait(subscription.Bucket, next.Due);
                }

                break;
            case PushStatus.Later:
                // The next change begins anew, not before the push service wants it.
                await store.NoteAsync(told, told with { Due = Next(result.RetryAfter ?? TimeSpan.Zero), Tries = 0 }, cancellationToken);
                break;
            case PushStatus.Taken or PushStatus.Refused when subscription.Tries > 0:
                await store.NoteAsync(told, told with { Tries = 0 }, cancellationToken);
                break;
        }
    }

    private void Count(PushStatus status)
    {
        switch (status)
        {
            case PushStatus.Taken:
                metrics.NoticeTaken();
                break;
            case PushStatus.Gone:
                metrics.NoticeOfOneWhoIsGone();
                break;
            case PushStatus.Later:
                metrics.NoticePostponed();
                break;
            default:
                metrics.NoticeRefused();
                break;
        }
    }

    private static TimeSpan Longer(TimeSpan a, TimeSpan b) => a > b ? a : b;

    /// <summary>When it may be told of next: after the interval, and after what it should wait.</summary>
    private ServerTimestamp Next(TimeSpan wait) =>
        ServerTimestamp.Now(time).Plus((long)Math.Min(LongestWait.TotalMilliseconds, Math.Max(wait.TotalMilliseconds, options.Interval.TotalMilliseconds)));

    private void Wait(BucketId bucket, ServerTimestamp due)
    {
        lock (gate)
        {
            if (waiting.TryGetValue(bucket, out var earlier) ? due < earlier : waiting.Count < options.MaxBuckets)
            {
                waiting[bucket] = due;
            }
        }
    }

    private void BringDue()
    {
        var now = ServerTimestamp.Now(time);
        lock (gate)
        {
            foreach (var (bucket, due) in waiting)
            {
                if (due <= now)
                {
                    waiting.Remove(bucket);
                    changed.Add(bucket);
                }
            }
        }
    }

    /// <summary>A fault in the program keeps nothing else from being told, but it is said that there is one.</summary>
    private void Log(Exception e)
    {
        if (e is StoreUnavailableException)
        {
            Log(e.Message);
        }
        else if (IsToBeLogged(ref faultLogged))
        {
            LogFault(e);
        }
    }

    private void Log(string reason)
    {
        if (IsToBeLogged(ref logged))
        {
            LogNotSent(reason);
        }
    }

    /// <summary>One line a minute is enough.</summary>
    private bool IsToBeLogged(ref long? last)
    {
        lock (gate)
        {
            if (last is { } then && time.GetElapsedTime(then) < LogInterval)
            {
                return false;
            }

            last = time.GetTimestamp();
            return true;
        }
    }

    [LoggerMessage(97, LogLevel.Error, "A fault in the program. A push notice was not sent because of it. Said once a minute at most. Please report it with the exception.")]
    private partial void LogFault(Exception fault);

    [LoggerMessage(94, LogLevel.Warning, "Push notices were not sent, for one because of this: {Reason}. Apps learn of changes when they ask. This is said once a minute at most.")]
    private partial void LogNotSent(string reason);
}
