namespace Lockstep.Bench.Simulation;

/// <summary>When a client asks again.</summary>
internal abstract class Client
{
    /// <summary>For the table.</summary>
    public abstract string Name { get; }

    /// <summary>Whether each request has a password, which a gateway that does not know it has to hash.</summary>
    public abstract bool HasPassword { get; }

    /// <summary>Seconds between two requests while all is well.</summary>
    public abstract int Interval { get; }

    /// <summary>Seconds from an answer to the next request.</summary>
    /// <returns>Null for a client that stays connected.</returns>
    public virtual int? AfterAnswer() => Interval;

    /// <summary>Seconds from a failure to the next request.</summary>
    /// <param name="failures">Failures in a row, this one counted.</param>
    /// <param name="retryAfter">What a 503 said; null where nobody answered.</param>
    /// <param name="random">Where the client throws dice.</param>
    public abstract int AfterFailure(int failures, int? retryAfter, Random random);
}

/// <summary>
/// A page with kinto.js that syncs on a timer. kinto-http waits as long as Retry-After says, to the second, and tries again as often as its option <c>retry</c> says, by
/// default never; then the page's timer is next. What nobody answers is not tried again.
/// </summary>
internal sealed class KintoClient(int interval, int retries) : Client
{
    public override string Name => retries == 0 ? "kinto.js" : $"kinto.js, retry: {retries}";

    public override bool HasPassword => true;

    public override int Interval => interval;

    public override int AfterFailure(int failures, int? retryAfter, Random random) =>
        retryAfter is { } seconds && failures % (retries + 1) != 0 ? seconds : interval;
}

/// <summary>
/// Firefox: after two failures in a row as if nothing had been, from the third on after 15 to 30 minutes for each failure, at most 8 hours. After a 5xx that
/// begins with the first, and Retry-After is the least. Its requests are signed with a token, so that no password is hashed.
/// </summary>
/// <remarks>services/sync/modules: policies.js (handleSyncError, scheduleAtInterval), util.js (calculateBackoff), constants.js.</remarks>
internal sealed class FirefoxClient(int interval) : Client
{
    private const int FailuresBefore = 3;
    private const int Least = 15 * 60;
    private const int Most = 8 * 60 * 60;

    public override string Name => "Firefox";

    public override bool HasPassword => false;

    public override int Interval => interval;

    public override int AfterFailure(int failures, int? retryAfter, Random random) => retryAfter is null && failures < FailuresBefore
        ? interval
        : Math.Max(Math.Min(failures * (Least + random.Next(Least)), Most), retryAfter ?? 0);
}

/// <summary>
/// A page with a stream of changes. When that breaks, the browser connects again after half to one and a half times what the server said; once a 503 comes it gives up for good, as the
/// standard has it, and the page polls instead, at a time of its own.
/// </summary>
/// <remarks>HTML, "Server-sent events", processing model.</remarks>
internal sealed class StreamClient(int interval, int retryTime) : Client
{
    public override string Name => "streams";

    public override bool HasPassword => true;

    public override int Interval => interval;

    public override int? AfterAnswer() => null;

    public override int AfterFailure(int failures, int? retryAfter, Random random) =>
        retryAfter is null ? Math.Max(1, random.Next(retryTime / 2, (retryTime * 3 / 2) + 1)) : 1 + random.Next(interval);
}
