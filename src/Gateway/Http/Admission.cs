using Lockstep.Gateway.Metering;

namespace Lockstep.Gateway.Http;

/// <summary>Decides, before a body is read and before an answer is written, whether there is room for it.</summary>
public sealed class Admission(HttpOptions options, GatewayMetrics metrics)
{
    /// <summary>Bytes of a body that somebody who has not signed in may send.</summary>
    public const int MaxAnonymousBytes = 64 << 10;

    private const string Nobody = "";

    private readonly SharedBudget requests = new(options.MaxConcurrentRequests);
    private readonly SharedBudget bodies = new(options.MaxBufferedBytes);
    private readonly SharedBudget answers = new(options.MaxAnswerBytes);

    /// <param name="user">Who asks; null for somebody who has not signed in.</param>
    /// <param name="bodyLength">The body's announced length, or the most it may have.</param>
    /// <returns>Null when there is no room. Else to be disposed when the request has been answered.</returns>
    public Ticket? TryEnter(string? user, long bodyLength)
    {
        if (!requests.TryTake(user ?? Nobody, 1))
        {
            metrics.RequestRefused();
            return null;
        }

        if (bodies.TryTake(user ?? Nobody, bodyLength))
        {
            return new Ticket(this, user ?? Nobody, bodyLength);
        }

        requests.Release(user ?? Nobody, 1);
        metrics.BodyRefused();
        return null;
    }

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

    public readonly struct Ticket(Admission admission, string user, long bodyLength) : IDisposable
    {
        public void Dispose()
        {
            admission.bodies.Release(user, bodyLength);
            admission.requests.Release(user, 1);
        }
    }
}
