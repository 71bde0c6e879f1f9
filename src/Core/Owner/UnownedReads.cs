using Lockstep.Core.Time;
using Lockstep.Core.Work;

namespace Lockstep.Core.Owner;

/// <summary>
/// Limits a process's reads of lists without an owner, such as the list of all buckets. Each read takes a place, which users get in turn, and
/// <see cref="BucketOptions.FilterTime"/>. Safe for concurrent use.
/// </summary>
/// <param name="options">Limits.</param>
/// <param name="time">The clock.</param>
public sealed class UnownedReads(BucketOptions options, TimeProvider time)
{
    private const int MaxWaiting = 256;

    private readonly WorkPlaces places = new(Math.Max(1, Environment.ProcessorCount / 2), MaxWaiting, options.AnswerTime / 3, time);

    /// <summary>When a read that cannot end in a cursor is refused: after a third of <see cref="BucketOptions.AnswerTime"/>.</summary>
    public Deadline MostTime => Deadline.After(options.AnswerTime / 3, time);

    /// <summary>Examines records in memory, once a place is free.</summary>
    /// <param name="user">The user who waits.</param>
    /// <param name="look">The work, with its deadline.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <returns>Null if no place became free.</returns>
    public async ValueTask<T?> LookAsync<T>(string user, Func<Deadline, T> look, CancellationToken cancellationToken)
        where T : struct
    {
        if (!await places.TryEnterAsync(user, cancellationToken))
        {
            return null;
        }

        try
        {
            var end = Deadline.After(options.FilterTime, time);
            return await LongWork.RunAsync("unowned-read", () => look(end));
        }
        finally
        {
            places.Leave();
        }
    }
}
