using Lockstep.Core.Attachments;
using Lockstep.Core.History;
using Lockstep.Core.Quotas;
using Lockstep.Core.Storage;
using Lockstep.Core.Time;
using Lockstep.Core.Validation;

namespace Lockstep.Core.Owner;

/// <summary>What the owners of one process share, so that the work of some is not felt by the others.</summary>
internal sealed class OwnerWork
{
    private const int MaxWaiting = 256;

    // How long a sort takes, and waits for room and places, at most; and the same in a turn.
    private readonly TimeSpan sortTime;
    private readonly TimeSpan turnWait;
    private readonly TimeSpan turnTime;
    private readonly CurrentQuotas quotas;
    private readonly TimeProvider time;

    public OwnerWork(
        BucketOptions options, TimeProvider time, IDataRules? rules = null, IBucketIndex? index = null, IHistoryForm? history = null, IFieldDeclarations? declarations = null, IFileNames? files = null)
    {
        (History, Declarations, Files) = (history, declarations, files);
        this.time = time;

        // So that whoever waits in vain has time to be told so, and whoever does not to be worked for.
        var wait = options.AnswerTime / 3;
        (sortTime, turnWait) = (wait, options.AnswerTime / 15);
        turnTime = options.FilterTime < wait ? options.FilterTime : wait;
        Limits = new TimeLimits(time);
        Memory = new WorkMemory(options.MaxWorkBytes, MaxWaiting);
        Processors = new WorkPlaces(Math.Max(1, Environment.ProcessorCount / 2), MaxWaiting, wait, time);
        Sorts = new WorkPlaces(options.MaxConcurrentSorts, MaxWaiting, wait, time);
        Builds = new WorkPlaces(Math.Max(1, Environment.ProcessorCount / 2), MaxWaiting, wait, time);
        Rules = rules is null ? null : new DataRuleCache(rules, options.MaxRuleBytes);
        quotas = new CurrentQuotas(options.Quotas, index, time);
    }

    /// <summary>What buckets and collections say of data; null where nobody asks.</summary>
    public DataRuleCache? Rules { get; }

    /// <summary>How the history of Kinto's buckets is told; null where none is kept.</summary>
    public IHistoryForm? History { get; }

    /// <summary>Which fields collections want indexed; null where nobody asks.</summary>
    public IFieldDeclarations? Declarations { get; }

    /// <summary>Which files records name; null where they have none.</summary>
    public IFileNames? Files { get; }

    /// <summary>What Kinto's buckets may hold; null where that is not limited.</summary>
    public QuotaRules? Quotas => quotas.Rules;

    /// <inheritdoc cref="CurrentQuotas.Set"/>
    public void SetQuotas(IReadOnlyList<Quota> stored) => quotas.Set(stored);

    /// <summary>How long turns may take.</summary>
    public TimeLimits Limits { get; }

    public WorkMemory Memory { get; }

    /// <summary>Half of the machine's processors, for pieces of work that take one for longer than a request should.</summary>
    public WorkPlaces Processors { get; }

    /// <summary>Sorts that may be at work, each of which also takes one of <see cref="Processors"/>. One that waits for the store has neither.</summary>
    public WorkPlaces Sorts { get; }

    /// <summary>Steps of building indexes that may be under way, each with its turn and its commit.</summary>
    public WorkPlaces Builds { get; }

    /// <summary>
    /// How long a sort or a count that cannot end in a cursor may take once it has a place: a third of <see cref="BucketOptions.AnswerTime"/>; in a turn, where all others
    /// of the bucket wait for it, no longer than <see cref="BucketOptions.FilterTime"/>.
    /// </summary>
    public TimeSpan MostTimeOf(Asker asker) => asker.IsInTurn ? turnTime : sortTime;

    /// <summary>Has something sorted once there is room for it and a place. It has the room to its end, and the place while it works.</summary>
    /// <param name="asker">Whose it is; in a turn it does not wait for long.</param>
    /// <param name="size">Bytes that it takes.</param>
    /// <param name="sort">What to do; it asks the store through the turn that it is given.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>Null when there is none.</returns>
    public async ValueTask<T?> SortAsync<T>(Asker asker, long size, Func<WorkTurn, ValueTask<T>> sort, CancellationToken cancellationToken)
        where T : struct
    {
        var (user, wait) = (asker.User, asker.IsInTurn ? turnWait : sortTime);

        // The room first: while the store is asked a sort has its room and no place, so that more are under way than have places. In a turn it is not waited for, since the turn itself may hold it.
        var end = Deadline.After(wait, time);
        if (!await Memory.HoldAsync(user, size, asker.IsInTurn ? Deadline.After(TimeSpan.Zero, time) : end, time, cancellationToken))
        {
            return null;
        }

        var turn = new WorkTurn(this, user, wait, time);
        try
        {
            return await turn.TryTakeAsync(end, cancellationToken) ? await sort(turn) : null;
        }
        finally
        {
            turn.Leave();
            Memory.ReleaseWaited(user, size);
        }
    }
}
