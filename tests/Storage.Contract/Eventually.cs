using Xunit.Sdk;

namespace Lockstep.Storage.Contract;

/// <summary>
/// Waits for what another process, a database say, comes to by itself and tells nobody: asks it, and once it has answered asks
/// again. Not for what happens in this process, which can be awaited.
/// </summary>
public static class Eventually
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    /// <summary>Who asks without a pause, and who answers, take the processor from what is waited for.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(10);

    /// <param name="state">What is waited for, as it is to be said when it does not come.</param>
    /// <param name="ask">Asks; each time a round trip.</param>
    public static async Task HoldsAsync(string state, Func<Task<bool>> ask)
    {
        using var patience = new CancellationTokenSource(Patience);
        for (var asked = 1; !await ask(); asked++)
        {
            if (patience.IsCancellationRequested)
            {
                throw new XunitException($"Not {state} within {Patience}, though asked {asked} times.");
            }

            await Task.Delay(Pause);
        }
    }
}
