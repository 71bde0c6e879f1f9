using Orleans.Providers;

namespace Lockstep.Grains;

/// <summary>
/// One count. Failures are stored before they are answered, so that neither a restart nor a move gives new tries; tries that
/// are not decided yet are counted in memory. Where two of it run for a moment, the storage lets one of them write; the other
/// fails and begins again from what is stored.
/// </summary>
[StorageProvider(ProviderName = GrainStorage.Name)]
internal sealed class SignInGrain(TimeProvider time) : Grain<SignInFailures>, ISignInGrain
{
    private int undecided;

    public Task<TimeSpan> BeginAsync(int limit, TimeSpan window)
    {
        var counted = IsOver(window) ? 0 : State.Count;
        if (counted + undecided >= limit)
        {
            var left = State.Began + window - time.GetUtcNow();
            return Task.FromResult(counted == 0 ? TimeSpan.FromSeconds(1) : left > window ? window : left);
        }

        undecided++;
        return Task.FromResult(TimeSpan.Zero);
    }

    public async Task EndAsync(SignInResult result, TimeSpan window)
    {
        // A try may have begun before this activation did.
        undecided = Math.Max(0, undecided - 1);
        switch (result)
        {
            case SignInResult.Failed:
                State = IsOver(window)
                    ? new SignInFailures { Began = time.GetUtcNow(), Count = 1 }
                    : new SignInFailures { Began = State.Began, Count = State.Count + 1 };
                await StoreAsync(WriteStateAsync);
                break;
            case SignInResult.Cleared when State.Count > 0:
                await StoreAsync(ClearStateAsync);
                break;
        }
    }

    /// <summary>Also when it began so far in the future that only a wrong clock can have said so.</summary>
    private bool IsOver(TimeSpan window) =>
        State.Count == 0 || (time.GetUtcNow() - State.Began).Duration() >= window;

    /// <summary>What is in memory must not differ from what is stored: when it is not known, this activation ends.</summary>
    private async Task StoreAsync(Func<Task> store)
    {
        try
        {
            await store();
        }
        catch
        {
            DeactivateOnIdle();
            throw;
        }
    }
}
