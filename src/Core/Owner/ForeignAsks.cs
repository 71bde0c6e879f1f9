using Lockstep.Core.Buckets;
using Lockstep.Core.Storage;

namespace Lockstep.Core.Owner;

/// <summary>
/// Finds out, before a turn and never in one, in which groups of other buckets the callers of writes are. One that does not answer holds up nobody but
/// who asked, and takes no more than a share of the time that there is for the answer.
/// </summary>
/// <param name="heads">Say which groups the bucket names.</param>
/// <param name="memberships">Asks.</param>
/// <param name="options">Bounds.</param>
/// <param name="time">The clock.</param>
internal sealed class ForeignAsks(RememberedHeads heads, Memberships memberships, BucketOptions options, TimeProvider time)
{
    private readonly Lock gate = new();
    private readonly HashSet<Task> asks = [];

    /// <summary>Finds out in which groups of other buckets the caller is. Takes no more than its share of the time for the answer.</summary>
    /// <returns>The caller with what was found out, be it that nobody answered.</returns>
    public async ValueTask<Caller> AskAsync(Caller caller, CancellationToken cancellationToken)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var asked = WithForeignAsync(caller, ended.Token).WaitAsync(options.AnswerTime / 4, time, cancellationToken);
        lock (gate)
        {
            asks.Add(asked);
        }

        try
        {
            return await asked;
        }
        catch (Exception e) when (e is StoreUnavailableException or TimeoutException || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            await ended.CancelAsync();
            return caller with { Principals = caller.Principals with { Foreign = ForeignGroups.Unknown } };
        }
        finally
        {
            lock (gate)
            {
                asks.Remove(asked);
            }
        }
    }

    /// <summary>Waits until other buckets have said what they were asked before the turns of those who wait now.</summary>
    public async ValueTask AskedAsync(CancellationToken cancellationToken)
    {
        Task[] asking;
        lock (gate)
        {
            asking = [.. asks];
        }

        await Task.WhenAll(asking).WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext | ConfigureAwaitOptions.ForceYielding);
    }

    private async Task<Caller> WithForeignAsync(Caller caller, CancellationToken cancellationToken) =>
        await memberships.WithForeignAsync(caller, heads.Current ?? await heads.LoadAsync(claim: false, cancellationToken), cancellationToken);
}
