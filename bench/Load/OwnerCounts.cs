using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Lockstep.Bench;

/// <summary>How many owners each silo has, as silos tell a StatsD once a second. Silos are told apart by their prefix.</summary>
internal sealed class OwnerCounts : IDisposable
{
    private const string Gauge = ".owner.count:";

    // Silos tell once a second. Who has said nothing for so long has ended.
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(10);

    private readonly UdpClient socket;
    private readonly ConcurrentDictionary<string, (long Owners, long Heard)> counts = new(StringComparer.Ordinal);

    /// <param name="port">UDP, on loopback.</param>
    public OwnerCounts(int port)
    {
        socket = new UdpClient(new IPEndPoint(IPAddress.Loopback, port));
        _ = ListenAsync();
    }

    /// <summary>By prefix, in order; without those that are silent.</summary>
    public IReadOnlyList<(string Silo, long Owners)> Now =>
        [.. counts.Where(static one => TimeProvider.System.GetElapsedTime(one.Value.Heard) < Silence).OrderBy(static one => one.Key, StringComparer.Ordinal).Select(static one => (one.Key, one.Value.Owners))];

    /// <summary>Waits until everybody who sends has been heard.</summary>
    public static Task HearAsync(CancellationToken cancellationToken) => Task.Delay(TimeSpan.FromSeconds(2.5), cancellationToken);

    public void Dispose() => socket.Dispose();

    private async Task ListenAsync()
    {
        try
        {
            while (true)
            {
                Take(Encoding.ASCII.GetString((await socket.ReceiveAsync()).Buffer));
            }
        }
        catch (Exception e) when (e is ObjectDisposedException or SocketException)
        {
            // It was closed.
        }
    }

    private void Take(string datagram)
    {
        foreach (var line in datagram.Split('\n'))
        {
            var at = line.IndexOf(Gauge, StringComparison.Ordinal);
            if (at > 0 && long.TryParse(line[(at + Gauge.Length)..].Split('|')[0], NumberStyles.None, CultureInfo.InvariantCulture, out var owners))
            {
                counts[line[..at]] = (owners, TimeProvider.System.GetTimestamp());
            }
        }
    }
}
