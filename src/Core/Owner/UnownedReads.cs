using Lockstep.Core.Time;

namespace Lockstep.Core.Owner;

/// <summary>
/// Bounds what a process looks at for lists that no owner has, such as that of all buckets: a place for each look, which goes to each user in turn, and
/// <see cref="BucketOptions.FilterTime"/>. Safe for concurrent use.
/// </summary>
/// <param name="options">Bounds.</param>
/// <param name="time">The clock.</param>
public sealed class UnownedReads(BucketOptions options, TimeProvider time)
{
    private const int MaxWaiting = 256;

    private readonly WorkPlaces places = new(Math.Max(1, Environment.ProcessorCount / 2), MaxWaiting, options.AnswerTime / 3, time);

    /// <summary>When a read that cannot end in a cursor is refused: after a third of <see cref="BucketOptions.AnswerTime"/>.</summary>
    public Deadline MostTime => Deadline.After(options.AnswerTime / 3, time);

    /// <summary>Looks at records that are in memory, once a place is free.</summary>
    /// <param name="user">For whom.</param>
    /// <param name="look">What to do, until when.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>Null when no place came free.</returns>
    public async ValueTask<T?> LookAsync<T>(string user, Func<Deadline, T> look, CancellationToken cancellationToken)
        where T : struct
    {
        if (!await places.TryEnterAsync(user, cancellationToken))
        {
            return null;
        }

        try
        {
            return look(Deadline.After(options.FilterTime, time));
        }
        finally
        {
            places.Leave();
        }
    }
}
