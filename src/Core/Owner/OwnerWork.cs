using Lockstep.Core.Attachments;
using Lockstep.Core.History;
using Lockstep.Core.Quotas;
using Lockstep.Core.Storage;
using Lockstep.Core.Time;
using Lockstep.Core.Validation;
using Lockstep.Core.Work;

namespace Lockstep.Core.Owner;

/// <summary>Resources that the owners of one process share, so that the work of some does not slow down the others.</summary>
internal sealed class OwnerWork
{
    private const int MaxWaiting = 256;

    // How long a sort takes, and waits for room and places, at most; then the same inside a turn.
    private readonly TimeSpan sortTime;
    private readonly TimeSpan turnWait;
    private readonly TimeSpan turnTime;
    private readonly CurrentQuotas quotas;
    private readonly TimeProvider time;

    public OwnerWork(
        BucketOptions options, TimeProvider time, IDataRules? rules = null, IBucketIndex? index = null, IHistoryForm? history = null, IFieldDeclarations? declarations = null, IFileNames? files = null,
        Action<Exception>? onFault = null)
    {
        (History, Declarations, Files) = (history, declarations, files);
        this.time = time;

        // A caller who waits in vain needs time to be told so, and one who does not needs time for the work.
        var wait = options.AnswerTime / 3;
        (sortTime, turnWait) = (wait, options.AnswerTime / 15);
        turnTime = options.FilterTime < wait ? options.FilterTime : wait;
        Limits = new TimeLimits(time);
        Memory = new WorkMemory(options.MaxWorkBytes, MaxWaiting);
        Processors = new WorkPlaces(Math.Max(1, Environment.ProcessorCount / 2), MaxWaiting, wait, time);
        Sorts = new WorkPlaces(options.MaxConcurrentSorts, MaxWaiting, wait, time);
        Builds = new WorkPlaces(Math.Max(1, Environment.ProcessorCount / 2), MaxWaiting, wait, time);
        Rules = rules is null ? null : new DataRuleCache(rules, options.MaxRuleBytes);
        quotas = new CurrentQuotas(options.Quotas, index, time, onFault);
    }

    /// <summary>The data rules of buckets and collections; null if no protocol has any.</summary>
    public DataRuleCache? Rules { get; }

    /// <summary>The form of history in buckets that keep any; null if none does.</summary>
    public IHistoryForm? History { get; }

    /// <summary>The fields that collections want indexed; null if no protocol declares any.</summary>
    public IFieldDeclarations? Declarations { get; }

    /// <summary>The files that records name; null if they have none.</summary>
    public IFileNames? Files { get; }

    /// <summary>The limits on buckets that have quotas; null for none.</summary>
    public QuotaRules? Quotas => quotas.Rules;

    /// <inheritdoc cref="CurrentQuotas.Set"/>
    public void SetQuotas(IReadOnlyList<Quota> stored) => quotas.Set(stored);

    /// <summary>How long turns may take.</summary>
    public TimeLimits Limits { get; }

    public WorkMemory Memory { get; }

    /// <summary>Half of the machine's processors, for work that keeps one busy for longer than a request should.</summary>
    public WorkPlaces Processors { get; }

    /// <summary>Places for sorts; each sort also takes one of <see cref="Processors"/>. A sort that waits for the store has neither.</summary>
    public WorkPlaces Sorts { get; }

    /// <summary>Places for steps of building indexes, each with its turn and its commit.</summary>
    public WorkPlaces Builds { get; }

    /// <summary>
    /// How long a sort or a count that cannot end in a cursor may take once it has a place: a third of <see cref="BucketOptions.AnswerTime"/>. Inside a turn, where all other
    /// requests of the bucket wait, no longer than <see cref="BucketOptions.FilterTime"/>.
    /// </summary>
    public TimeSpan MostTimeOf(Asker asker) => asker.IsInTurn ? turnTime : sortTime;

    /// <summary>Runs work that keeps a processor busy, on a thread of its own, once one of <see cref="Processors"/> is free.</summary>
    /// <param name="user">The user of the place.</param>
    /// <param name="run">The work: see <see cref="LongWork"/>.</param>
    /// <param name="weigh">How many bytes it needs; asked once there is a place. Null for none that count.</param>
    /// <param name="before">Bytes that the same turn holds already.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <returns>What it returns, unless no place became free, or there was no room.</returns>
    public async ValueTask<(bool HasRun, T? Result)> RunAsync<T>(string user, Func<T> run, Func<long>? weigh, long before, CancellationToken cancellationToken)
    {
        if (!await Processors.TryEnterAsync(user, cancellationToken))
        {
            return (false, default);
        }

        var (weight, hasRoom) = (0L, false);
        try
        {
            weight = weigh?.Invoke() ?? 0;
            hasRoom = weigh is null || Memory.TryHold(user, weight, before);
            return hasRoom ? (true, await LongWork.RunAsync("owner-work", run)) : (false, default);
        }
        finally
        {
            Processors.Leave();
            if (hasRoom && weigh is not null)
            {
                Memory.Release(user, weight);
            }
        }
    }

    /// <summary>Runs a sort once there is room and a place for it. It keeps the room until it ends, and the place while it works.</summary>
    /// <param name="asker">The caller; inside a turn it does not wait for long.</param>
    /// <param name="size">Bytes that it needs.</param>
    /// <param name="sort">The work; it reads from the store through the turn that it is given.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <returns>Null if there was no room or no place.</returns>
    public async ValueTask<T?> SortAsync<T>(Asker asker, long size, Func<WorkTurn, ValueTask<T>> sort, CancellationToken cancellationToken)
        where T : struct
    {
        var (user, wait) = (asker.User, asker.IsInTurn ? turnWait : sortTime);

        // Room comes first. A sort that waits for the store has its room and no place, so more sorts are under way than there are places. A turn does not wait for room, since it may hold that room itself.
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
