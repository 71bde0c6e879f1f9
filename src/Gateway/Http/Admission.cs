using Lockstep.Gateway.Metering;

namespace Lockstep.Gateway.Http;

/// <summary>Decides, before a body is read and before an answer is written, whether there is room for it.</summary>
public sealed class Admission(HttpOptions options, GatewayMetrics metrics)
{
    /// <summary>Bytes of a body that somebody who has not signed in may send.</summary>
    public const int MaxAnonymousBytes = 64 << 10;

    private const string Nobody = "";

    private readonly SharedBudget requests = new(options.MaxConcurrentRequests);
    private readonly SharedBudget streams = new(options.MaxStreams);
    private readonly SharedBudget bodies = new(options.MaxBufferedBytes);
    private readonly SharedBudget answers = new(options.MaxAnswerBytes);

    /// <param name="user">Who asks; null for somebody who has not signed in.</param>
    /// <param name="bodyLength">The body's announced length, or the most it may have.</param>
    /// <returns>Null when there is no room. Else to be disposed when the request has been answered.</returns>
    public Ticket? TryEnter(string? user, long bodyLength) => TryEnter(requests, user ?? Nobody, bodyLength);

    /// <summary>As <see cref="TryEnter(string?, long)"/>, for what lasts as long as its client likes.</summary>
    public Ticket? TryEnterStream(string? user, long bodyLength) => TryEnter(streams, user ?? Nobody, bodyLength);

    /// <summary>Takes room for what a body that came coded has more when it is decoded.</summary>
    public bool TryDecode(string? user, long size)
    {
        if (bodies.TryTake(user ?? Nobody, size))
        {
            return true;
        }

        metrics.BodyRefused();
        return false;
    }

    /// <summary>The decoded body is needed no more.</summary>
    public void EndDecode(string? user, long size) => bodies.Release(user ?? Nobody, size);

    /// <summary>Takes room for an answer that carries so many bytes of stored data.</summary>
    public bool TryAnswer(string? user, long size)
    {
        if (answers.TryTake(user ?? Nobody, size))
        {
            return true;
        }

        metrics.AnswerRefused();
        return false;
    }

    /// <summary>The answer has arrived.</summary>
    public void EndAnswer(string? user, long size) => answers.Release(user ?? Nobody, size);

    private Ticket? TryEnter(SharedBudget room, string user, long bodyLength)
    {
        if (!room.TryTake(user, 1))
        {
            metrics.RequestRefused();
            return null;
        }

        if (bodies.TryTake(user, bodyLength))
        {
            return new Ticket(room, bodies, user, bodyLength);
        }

        room.Release(user, 1);
        metrics.BodyRefused();
        return null;
    }

    public readonly struct Ticket : IDisposable
    {
        private readonly SharedBudget room;
        private readonly SharedBudget bodies;
        private readonly string user;
        private readonly long bodyLength;

        internal Ticket(SharedBudget room, SharedBudget bodies, string user, long bodyLength) =>
            (this.room, this.bodies, this.user, this.bodyLength) = (room, bodies, user, bodyLength);

        public void Dispose()
        {
            bodies.Release(user, bodyLength);
            room.Release(user, 1);
        }
    }
}
