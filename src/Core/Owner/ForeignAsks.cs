using Lockstep.Core.Buckets;
using Lockstep.Core.Storage;

namespace Lockstep.Core.Owner;

/// <summary>
/// Finds the groups of other buckets that the callers of writes are in. It does so before a turn, never inside one. A bucket that does not answer holds up only
/// its caller, and for no more than a share of the answer time.
/// </summary>
/// <param name="heads">The heads, which have the groups that the bucket names.</param>
/// <param name="memberships">Looks the groups up.</param>
/// <param name="options">Limits.</param>
/// <param name="time">The clock.</param>
internal sealed class ForeignAsks(RememberedHeads heads, Memberships memberships, BucketOptions options, TimeProvider time)
{
    private readonly Lock gate = new();
    private readonly HashSet<Task> asks = [];

    /// <summary>Finds the groups of other buckets that the caller is in. Takes no more than its share of the answer time.</summary>
    /// <returns>The caller with the result, or with the note that none arrived.</returns>
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

    /// <summary>Waits for the look-ups that are under way now.</summary>
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
