namespace Lockstep.Bench.Simulation;

/// <summary>One bucket that many ask for. Its owner is in one silo, and takes writes in turn, on one core; what it answers from memory it answers beside.</summary>
internal sealed class HotBucket(Costs costs)
{
    private const double Microseconds = 1_000_000;

    /// <summary>The share of a core that the owner's turns take.</summary>
    /// <param name="writes">A second.</param>
    public double Turns(double writes) => writes * costs.Request("write").Silo / Microseconds;

    /// <summary>CPU of a second, in cores, where polls find news as often as there are any.</summary>
    /// <param name="devices">That poll.</param>
    /// <param name="interval">Seconds between two polls of a device.</param>
    /// <param name="writes">A second.</param>
    public Cost Cores(double devices, double interval, double writes)
    {
        var polls = devices / interval;
        var news = 1 - Math.Exp(-writes * interval);
        var poll = ((1 - news) * costs.Request("poll.warm")) + (news * costs.Request("read"));
        return 1 / Microseconds * ((writes * costs.Request("write")) + (polls * poll));
    }

    /// <summary>Devices with which its silo is half busy.</summary>
    /// <param name="interval">Seconds between two polls of a device.</param>
    /// <param name="writes">A second, of all devices together.</param>
    public double Devices(double interval, double writes) =>
        Math.Max(0, (costs["silo.cores"] / 2) - Turns(writes)) / (Cores(1, interval, writes).Silo - Turns(writes));

    /// <summary>Gateways for so many streams of it: each has places, memory and CPU for a part of them.</summary>
    /// <param name="streams">That are open.</param>
    /// <param name="changes">A second. Each goes to each stream.</param>
    /// <param name="places">Streams that a gateway takes.</param>
    public int Gateways(double streams, double changes, double places) => (int)Math.Ceiling(Math.Max(
        Math.Max(streams / places, streams * costs["memory.stream"] / ((costs["machine.memory"] / 2) - costs["memory.gateway"])),
        streams * changes * costs["stream.delivery.gateway"] / Microseconds / (costs["gateway.cores"] / 2)));
}
