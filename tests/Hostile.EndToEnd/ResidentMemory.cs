using System.Globalization;

namespace Lockstep.Hostile;

/// <summary>How much memory a process has, looked at five times a second.</summary>
internal sealed class ResidentMemory : IDisposable
{
    private readonly int process;
    private readonly Timer timer;
    private long peak;

    public ResidentMemory(int process)
    {
        this.process = process;
        timer = new Timer(_ => peak = Math.Max(peak, Now), state: null, TimeSpan.Zero, TimeSpan.FromMilliseconds(200));
    }

    /// <summary>MiB; 0 when it has ended.</summary>
    public long Now => File.Exists($"/proc/{process}/status") && File.ReadLines($"/proc/{process}/status").FirstOrDefault(static line => line.StartsWith("VmRSS:", StringComparison.Ordinal)) is { } line
        ? long.Parse(line["VmRSS:".Length..].Replace("kB", "", StringComparison.Ordinal), NumberStyles.AllowLeadingWhite | NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture) / 1024
        : 0;

    /// <summary>MiB.</summary>
    public long Peak => Math.Max(peak, Now);

    public void Dispose() => timer.Dispose();
}
