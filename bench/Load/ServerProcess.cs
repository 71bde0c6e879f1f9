using System.Globalization;
using System.Net;

namespace Lockstep.Bench;

/// <summary>A server that is measured: where it listens, and what the system counts for its processes.</summary>
/// <param name="Address">Where requests go.</param>
/// <param name="Id">The process that listens there.</param>
/// <param name="Silos">Processes behind it, which have the owners; none where it has them itself.</param>
internal sealed record ServerProcess(IPEndPoint Address, int Id, IReadOnlyList<int> Silos)
{
    /// <summary>The host header's value.</summary>
    public string Host => Address.ToString();

    /// <param name="text"><c>http://127.0.0.1:PORT,PID</c>, and for each silo one <c>,PID</c>.</param>
    public static ServerProcess Parse(string text)
    {
        var parts = text.Split(',');
        var url = new Uri(parts[0]);
        var processes = Array.ConvertAll(parts[1..], static id => int.Parse(id, CultureInfo.InvariantCulture));
        return new ServerProcess(new IPEndPoint(IPAddress.Parse(url.Host), url.Port), processes[0], processes[1..]);
    }

    /// <summary>CPU time of all threads, those that have ended too; without the silos'.</summary>
    public long CpuMicroseconds() => ProcessTimes.Of(Id).Own;

    /// <summary>The same of the silos together.</summary>
    public long SiloMicroseconds() => Silos.Sum(static silo => ProcessTimes.Of(silo).Own);

    public long ResidentBytes() => ProcessMemory.ResidentBytes(Id);

    /// <summary>The most that was resident since the start.</summary>
    public long PeakResidentBytes() => ProcessMemory.PeakResidentBytes(Id);

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
}
