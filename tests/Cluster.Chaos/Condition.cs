using System.Diagnostics;
using Lockstep.Testing;

namespace Lockstep.Cluster.Chaos;

/// <summary>Waits for something to become true.</summary>
internal static class Condition
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(120);
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(100);

    public static async Task HoldsAsync(Func<Task<bool>> condition, string what)
    {
        var begun = Stopwatch.GetTimestamp();
        while (!await condition())
        {
            if (Stopwatch.GetElapsedTime(begun) > Deadline)
            {
                throw new TimeoutException($"Not within {Deadline}: {what}.");
            }

            await RealTime.PassAsync(Look);
        }
    }
}
