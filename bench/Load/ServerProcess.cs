using System.Globalization;
using System.Net;

namespace Lockstep.Bench;

/// <summary>A server that is measured: where it listens, and what the system counts for its process.</summary>
internal sealed record ServerProcess(IPEndPoint Address, int Id)
{
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
    public long CpuMicroseconds() => ProcessTimes.Of(Id).Own;

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
