using Lockstep.Core.Buckets;
using Lockstep.Core.Operations;
using Lockstep.Core.Outcomes;

namespace Lockstep.Core.Owner;

/// <summary>Builds the indexes on fields of one bucket beside its requests, one step after the other.</summary>
/// <param name="heads">Say what is to be built.</param>
/// <param name="work">Says how many may build at once.</param>
/// <param name="enqueue">Puts a step in the owner's queue; null when the owner is gone.</param>
/// <param name="onFault">Hears of faults.</param>
internal sealed class IndexBuilding(RememberedHeads heads, OwnerWork work, Func<BucketRequest, ValueTask<BucketResponse>?> enqueue, Action<Exception> onFault)
{
    private bool isBuilding;
    private bool isEnding;

    /// <summary>
    /// Goes on building indexes on fields, in turns of their own among those of others. It ends when they are whole, when the bucket's owner does, or when a step
    /// could not be done; the next request, or the next owner's first one, has it go on.
    /// </summary>
    public void Begin()
    {
        if (Volatile.Read(ref isEnding) || Interlocked.Exchange(ref isBuilding, value: true))
        {
            return;
        }

        using (ExecutionContext.IsFlowSuppressed() ? default : ExecutionContext.SuppressFlow())
        {
            _ = RunAsync();
        }
    }

    /// <summary>Builds nothing more: the bucket's owner is about to be another one.</summary>
    public void End() => Volatile.Write(ref isEnding, value: true);

    private async Task RunAsync()
    {
        try
        {
            var version = -1L;
            while (!Volatile.Read(ref isEnding) && heads.From(0) is { HasUnbuiltIndexes: true } known && known.Version > version)
            {
                version = known.Version;
                var list = known.Lists.Values.First(static head => head.Indexes.Any(static index => !index.IsUsable)).List;
                if (!await work.Builds.TryEnterAsync(known.Author ?? "", CancellationToken.None))
                {
                    return;
                }

                try
                {
                    var request = new BucketRequest(Caller.System, [new BuildFieldIndexes(list)]);
                    if (enqueue(request) is not { } step || (await step).Outcomes[0] is not CountFound)
                    {
                        return;
                    }
                }
                finally
                {
                    work.Builds.Leave();
                }
            }
        }
        catch (Exception fault)
        {
            onFault(fault);
        }
        finally
        {
            Volatile.Write(ref isBuilding, value: false);
        }
    }
}
