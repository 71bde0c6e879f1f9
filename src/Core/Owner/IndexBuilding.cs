using Lockstep.Core.Buckets;
using Lockstep.Core.Operations;
using Lockstep.Core.Outcomes;

namespace Lockstep.Core.Owner;

/// <summary>Builds the indexes on fields of one bucket alongside its requests, one step after the other.</summary>
/// <param name="heads">The heads, which say what to build.</param>
/// <param name="work">Limits how many build at once.</param>
/// <param name="enqueue">Puts a step in the owner's queue; returns null when the owner is closed.</param>
/// <param name="onFault">Called with faults.</param>
internal sealed class IndexBuilding(RememberedHeads heads, OwnerWork work, Func<BucketRequest, ValueTask<BucketResponse>?> enqueue, Action<Exception> onFault)
{
    private bool isBuilding;
    private bool isEnding;

    /// <summary>
    /// Continues to build indexes on fields, in turns between those of requests. It stops when they are complete, when the bucket's owner closes, or when a step
    /// fails. The next request, or the first one of the next owner, starts it again.
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

    /// <summary>Stops building, because the bucket's owner is about to change.</summary>
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
