using Lockstep.Core.Accounts;
using Orleans.Providers;

namespace Lockstep.Grains;

/// <summary>
/// One count. Failures are stored before they are answered, so that neither a restart nor a move allows new tries. Undecided
/// tries are counted in memory, no longer than they can take. If two activations exist for a moment, the storage lets one of them write; the other
/// fails and starts again from the stored state. When idle it ends itself, for the reason given at <see cref="BucketGrain"/>.
/// </summary>
[StorageProvider(ProviderName = GrainStorage.Name), KeepAlive]
internal sealed class SignInGrain(TimeProvider time) : Grain<SignInFailures>, ISignInGrain
{
    private static readonly TimeSpan Idle = TimeSpan.FromMinutes(2);

    private readonly UndecidedTries undecided = new(time);

    // Tries of gateways that do not name them. The latest is ended first, so that a try whose end never comes is not kept young by
    // later ones.
    private readonly Stack<Guid> unnamed = new();

    private long called;

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        called = time.GetTimestamp();
        this.RegisterGrainTimer(EndIfIdleAsync, new GrainTimerCreationOptions(Idle, Idle));
        return Task.CompletedTask;
    }

    public Task<TimeSpan> BeginAsync(int limit, TimeSpan window)
    {
        var attempt = Guid.NewGuid();
        var answer = Begin(attempt, limit, window);
        if (answer.IsBusy)
        {
            return Task.FromResult(TimeSpan.FromSeconds(1));
        }

        if (answer.Wait == TimeSpan.Zero)
        {
            unnamed.Push(attempt);
        }

        return Task.FromResult(answer.Wait);
    }

    public Task EndAsync(SignInResult result, TimeSpan window)
    {
        // A try may have begun before this activation did.
        unnamed.TryPop(out var attempt);
        return DecideAsync(attempt, result, window);
    }

    public Task<SignInAnswer> TryAsync(Guid attempt, int limit, TimeSpan window) => Task.FromResult(Begin(attempt, limit, window));

    public async Task DecideAsync(Guid attempt, SignInResult result, TimeSpan window)
    {
        called = time.GetTimestamp();
        undecided.End(attempt);
        if (result is not SignInResult.Passed && State.Count > 0 && IsOver(window))
        {
            // Housekeeping may have removed it meanwhile.
            await StoreAsync(ReadStateAsync);
        }

        switch (result)
        {
            case SignInResult.Failed:
                State = IsOver(window)
                    ? new SignInFailures { Began = time.GetUtcNow(), Count = 1, Window = window }
                    : new SignInFailures { Began = State.Began, Count = State.Count + 1, Window = window };
                await StoreAsync(WriteStateAsync);
                break;
            case SignInResult.Cleared when State.Count > 0:
                await StoreAsync(ClearStateAsync);
                break;
        }
    }

    private Task EndIfIdleAsync(CancellationToken cancellationToken)
    {
        if (undecided.Count == 0 && time.GetElapsedTime(called) >= Idle)
        {
            DeactivateOnIdle();
        }

        return Task.CompletedTask;
    }

    private SignInAnswer Begin(Guid attempt, int limit, TimeSpan window)
    {
        called = time.GetTimestamp();
        var failures = IsOver(window) ? 0 : State.Count;
        if (failures >= limit)
        {
            var left = State.Began + window - time.GetUtcNow();
            return new SignInAnswer { Wait = left > window ? window : left };
        }

        var underWay = undecided.Count;
        if (underWay == 0)
        {
            unnamed.Clear();
        }

        if (failures + underWay >= limit)
        {
            return new SignInAnswer { IsBusy = true };
        }

        undecided.Begin(attempt);
        return new SignInAnswer();
    }

    /// <summary>Also if it began so far in the future that only a wrong clock can have said so.</summary>
    private bool IsOver(TimeSpan window) =>
        State.Count == 0 || (time.GetUtcNow() - State.Began).Duration() >= window;

    /// <summary>Memory must not differ from storage: if the stored state is unknown, this activation ends.</summary>
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
