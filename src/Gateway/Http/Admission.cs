using Lockstep.Gateway.Metering;

namespace Lockstep.Gateway.Http;

/// <summary>
/// Decides whether there is room: for a request, for its body as it comes, and for its answer before anything is loaded for it. Room
/// is counted for each user, and for each address before somebody has signed in.
/// </summary>
public sealed class Admission(HttpOptions options, GatewayMetrics metrics, TimeProvider time)
{
    /// <summary>Bytes of a body that somebody who has not signed in may send.</summary>
    public const int MaxAnonymousBytes = 64 << 10;

    /// <summary>How long an answer waits for room.</summary>
    public static readonly TimeSpan AnswerPatience = TimeSpan.FromSeconds(5);

    private readonly SharedBudget requests = new(options.MaxConcurrentRequests);
    private readonly SharedBudget uploads = new(options.MaxConcurrentRequests);
    private readonly SharedBudget streams = new(options.MaxStreams) { MostEach = options.MaxStreamsPerUser };
    private readonly SharedBudget bodies = new(options.MaxBufferedBytes);
    private readonly SharedBudget answers = new(options.MaxAnswerBytes, options.MaxConcurrentRequests, time);

    /// <summary>Whom room is counted for.</summary>
    /// <param name="principal">Who has signed in; null for nobody.</param>
    /// <param name="address">Where the request comes from.</param>
    public static string Whose(Principal? principal, System.Net.IPAddress? address) => principal?.Id ?? $"@{ClientAddress.Of(address)}";

    /// <param name="who">Whom it is counted for.</param>
    /// <returns>Null when there is no room. Else to be disposed when the request has been answered.</returns>
    public Place? TryEnter(string who) => TryEnter(requests, who);

    /// <summary>As <see cref="TryEnter(string)"/>, for what lasts as long as its client likes.</summary>
    public Place? TryEnterStream(string who) => TryEnter(streams, who);

    /// <summary>
    /// A place for a body to come. They are apart from those of requests that are worked on: whoever sends slowly holds up nobody who sends
    /// nothing.
    /// </summary>
    /// <returns>Null when there is no room. Else to be disposed when the body is needed no more.</returns>
    public BodyRoom? TryReceive(string who)
    {
        if (uploads.TryTake(who, 1))
        {
            return new BodyRoom(uploads, bodies, who, metrics);
        }

        metrics.RequestRefused();
        return null;
    }

    /// <summary>Room for one request's answer; none is taken yet.</summary>
    public AnswerRoom RoomForAnswer(string who) => new(answers, who, metrics);

    private Place? TryEnter(SharedBudget places, string who)
    {
        if (places.TryTake(who, 1))
        {
            return new Place(places, who);
        }

        metrics.RequestRefused();
        return null;
    }

    public readonly struct Place : IDisposable
    {
        private readonly SharedBudget places;
        private readonly string who;

        internal Place(SharedBudget places, string who) => (this.places, this.who) = (places, who);

        public void Dispose() => places.Release(who, 1);
    }
}
