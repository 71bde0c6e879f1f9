using Lockstep.Core.Records;
using Lockstep.Gateway.Metering;

namespace Lockstep.Gateway.Http;

/// <summary>
/// Decides whether there is room: for a request, for its body as it arrives, and for its answer before anything is loaded for it. Room
/// is charged to each user, or to each address before anybody has signed in.
/// </summary>
public sealed class Admission(HttpOptions options, GatewayMetrics metrics, TimeProvider time)
{
    /// <summary>Bytes of a body that a client may send without signing in.</summary>
    public const int MaxAnonymousBytes = 64 << 10;

    /// <summary>How long an answer waits for room.</summary>
    public static readonly TimeSpan AnswerPatience = TimeSpan.FromSeconds(5);

    /// <summary>How long a body waits for room to be taken apart.</summary>
    public static readonly TimeSpan ParsePatience = TimeSpan.FromSeconds(5);

    // What takes less memory when it is taken apart needs no room: about 30,000 values.
    private const long LightBytes = 1 << 20;

    private readonly RateLimit? addresses = options.MaxRequestsPerMinutePerAddress > 0 ? new(options.MaxRequestsPerMinutePerAddress, time) : null;
    private readonly RateLimit? users = options.MaxRequestsPerMinutePerUser > 0 ? new(options.MaxRequestsPerMinutePerUser, time) : null;
    private readonly SharedBudget requests = new(options.MaxConcurrentRequests);
    private readonly SharedBudget uploads = new(options.MaxConcurrentRequests);
    private readonly SharedBudget streams = new(options.MaxStreams) { MostEach = options.MaxStreamsPerUser };
    private readonly SharedBudget bodies = new(options.MaxBufferedBytes);
    private readonly SharedBudget parses = new(options.MaxBufferedBytes / 2, options.MaxConcurrentRequests, time);
    private readonly SharedBudget spans = new(options.MaxConcurrentRequests, options.MaxConcurrentRequests, time) { MostEach = 1 };
    private readonly SharedBudget answers = new(options.MaxAnswerBytes, options.MaxConcurrentRequests, time);

    /// <summary>The party that room is charged to.</summary>
    /// <param name="principal">The user who has signed in; null for none.</param>
    /// <param name="address">The address of the request.</param>
    public static string Whose(Principal? principal, System.Net.IPAddress? address) => principal?.Id ?? $"@{ClientAddress.Of(address)}";

    /// <summary>How long an address has to wait for its next request, if that is limited. Zero for a request that may go on, and counts.</summary>
    public TimeSpan WaitOf(System.Net.IPAddress? address) => addresses is null ? TimeSpan.Zero : Counted(addresses.Take(ClientAddress.Of(address)));

    /// <summary>The same for a user who has signed in.</summary>
    public TimeSpan WaitOf(Principal user) => users is null ? TimeSpan.Zero : Counted(users.Take(user.Id));

    /// <param name="who">The party that it is charged to.</param>
    /// <returns>Null if there is no room. Otherwise to be disposed of when the request has been answered.</returns>
    public Place? TryEnter(string who) => TryEnter(requests, who);

    /// <summary>Like <see cref="TryEnter(string)"/>, for a stream.</summary>
    public Place? TryEnterStream(string who) => TryEnter(streams, who);

    /// <summary>
    /// A place for an arriving body. These places are separate from those of requests in progress, so a slow sender does not hold up requests without
    /// a body.
    /// </summary>
    /// <returns>Null if there is no room. Otherwise to be disposed of when the body is no longer needed.</returns>
    public BodyRoom? TryReceive(string who)
    {
        if (uploads.TryTake(who, 1))
        {
            return new BodyRoom(uploads, bodies, who, metrics);
        }

        metrics.RequestRefused();
        return null;
    }

    /// <summary>Bytes that a body takes when it is taken apart, where it has so many values that it needs room for that; 0 for all others.</summary>
    public static long WeightOf(ReadOnlySpan<byte> body) =>
        body.Length >= JsonWeight.Short && JsonWeight.ToParse(body) is > LightBytes and var weight ? weight : 0;

    /// <summary>Room to take a body apart; waits for it.</summary>
    /// <param name="who">The party that it is charged to.</param>
    /// <param name="weight">That of <see cref="WeightOf"/>.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <returns>Null if there was none. Otherwise to be disposed of when the request has been answered.</returns>
    public async ValueTask<Place?> TryParseAsync(string who, long weight, CancellationToken cancellationToken)
    {
        if (await parses.TakeAsync(who, weight, ParsePatience, cancellationToken))
        {
            return new Place(parses, who, weight);
        }

        metrics.BodyRefused();
        return null;
    }

    /// <summary>
    /// A place for a read that spans buckets, which takes long for a user of many groups. Each user has one; the next such read waits for it, so one user's reads
    /// keep one processor busy and not all of them.
    /// </summary>
    /// <param name="who">The party that it is charged to.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <returns>Null if it did not become free in time. Otherwise to be disposed of when the read has ended.</returns>
    public async ValueTask<Place?> TrySpanAsync(string who, CancellationToken cancellationToken)
    {
        if (await spans.TakeAsync(who, 1, AnswerPatience, cancellationToken))
        {
            return new Place(spans, who, 1);
        }

        metrics.RequestRefused();
        return null;
    }

    /// <summary>Room for one request's answer; none is taken yet.</summary>
    public AnswerRoom RoomForAnswer(string who) => new(answers, who, metrics);

    private TimeSpan Counted(TimeSpan wait)
    {
        if (wait > TimeSpan.Zero)
        {
            metrics.RateRefused();
        }

        return wait;
    }

    private Place? TryEnter(SharedBudget places, string who)
    {
        if (places.TryTake(who, 1))
        {
            return new Place(places, who, 1);
        }

        metrics.RequestRefused();
        return null;
    }

    public readonly struct Place : IDisposable
    {
        private readonly SharedBudget places;
        private readonly string who;
        private readonly long amount;

        internal Place(SharedBudget places, string who, long amount) => (this.places, this.who, this.amount) = (places, who, amount);

        public void Dispose() => places.Release(who, amount);
    }
}
