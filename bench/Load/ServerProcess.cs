using System.Globalization;
using System.Net;

namespace Lockstep.Bench;

/// <summary>A server that is measured: where it listens, and what the system counts for its process.</summary>
internal sealed record ServerProcess(IPEndPoint Address, int Id)
{
    // Linux counts in hundredths of a second for user space, whatever the kernel's own tick is.
    private const double MicrosecondsPerTick = 10_000;

    /// <summary>The host header's value.</summary>
    public string Host => Address.ToString();

    /// <param name="text"><c>http://127.0.0.1:PORT,PID</c>.</param>
    public static ServerProcess Parse(string text)
    {
        var comma = text.IndexOf(',', StringComparison.Ordinal);
        var url = new Uri(text[..comma]);
        return new ServerProcess(new IPEndPoint(IPAddress.Parse(url.Host), url.Port), int.Parse(text.AsSpan(comma + 1), CultureInfo.InvariantCulture));
    }

    /// <summary>CPU time of all threads, those that have ended too.</summary>
    public double CpuMicroseconds()
    {
        // The second field, in parentheses, may have blanks; the third is the first after it.
        var stat = File.ReadAllText($"/proc/{Id}/stat");
        var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        return (long.Parse(fields[11], CultureInfo.InvariantCulture) + long.Parse(fields[12], CultureInfo.InvariantCulture)) * MicrosecondsPerTick;
    }

    public long ResidentBytes() => StatusBytes("VmRSS:");

    /// <summary>The most that was resident since the start.</summary>
    public long PeakResidentBytes() => StatusBytes("VmHWM:");

    /// <summary>Waits until the resident memory has stood still for two seconds, or for as long as is given.</summary>
    public async Task<long> SettledBytesAsync(TimeSpan limit, CancellationToken cancellationToken)
    {
        var began = TimeProvider.System.GetTimestamp();
        var reference = ResidentBytes();
        var still = 0;
        while (still < 4 && TimeProvider.System.GetElapsedTime(began) < limit)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(500), cancellationToken);
            var now = ResidentBytes();
            var moved = Math.Abs(now - reference) > reference / 100;
            still = moved ? 0 : still + 1;
            reference = moved ? now : reference;
        }

        return ResidentBytes();
    }

    private long StatusBytes(string name)
    {
        var line = File.ReadLines($"/proc/{Id}/status").First(line => line.StartsWith(name, StringComparison.Ordinal));
        return 1024 * long.Parse(line[name.Length..].Replace("kB", "", StringComparison.Ordinal).Trim(), CultureInfo.InvariantCulture);
    }
}
