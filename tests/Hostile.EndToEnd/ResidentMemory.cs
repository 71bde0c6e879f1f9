using System.Diagnostics;
using System.Globalization;
using Lockstep.Testing;

namespace Lockstep.Hostile;

/// <summary>How much memory the greatest of some processes has, looked at five times a second.</summary>
internal sealed class ResidentMemory : IDisposable
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(200);
    private readonly int[] processes;
    private readonly Timer timer;
    private long peak;

    public ResidentMemory(IEnumerable<int> processes)
    {
        this.processes = [.. processes];
        timer = new Timer(_ => peak = Math.Max(peak, Now), state: null, TimeSpan.Zero, Look);
    }

    /// <summary>MiB; 0 when all have ended.</summary>
    public long Now => processes.Max(Of);

    /// <summary>MiB.</summary>
    public long Peak => Math.Max(peak, Now);

    /// <summary>Waits until it has no more than so many MiB, or time is up.</summary>
    /// <returns>How long that took.</returns>
    public async Task<TimeSpan> FallsToAsync(long mebibytes, TimeSpan atMost)
    {
        var begun = Stopwatch.GetTimestamp();
        while (Now > mebibytes && Stopwatch.GetElapsedTime(begun) < atMost)
        {
            await RealTime.PassAsync(Look);
        }

        return Stopwatch.GetElapsedTime(begun);
    }

    public void Dispose() => timer.Dispose();

    private static long Of(int process) =>
        File.Exists($"/proc/{process}/status") && File.ReadLines($"/proc/{process}/status").FirstOrDefault(static line => line.StartsWith("VmRSS:", StringComparison.Ordinal)) is { } line
            ? long.Parse(line["VmRSS:".Length..].Replace("kB", "", StringComparison.Ordinal), NumberStyles.AllowLeadingWhite | NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture) / 1024
            : 0;
}
