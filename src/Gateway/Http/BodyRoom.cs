using Lockstep.Gateway.Metering;

namespace Lockstep.Gateway.Http;

/// <summary>The memory that one body holds, as far as it has arrived. Not thread-safe.</summary>
public sealed class BodyRoom : IDisposable
{
    private readonly SharedBudget places;
    private readonly SharedBudget bytes;
    private readonly string who;
    private readonly GatewayMetrics metrics;
    private bool hasPlace = true;
    private long held;

    internal BodyRoom(SharedBudget places, SharedBudget bytes, string who, GatewayMetrics metrics) =>
        (this.places, this.bytes, this.who, this.metrics) = (places, bytes, who, metrics);

    /// <summary>Takes room for more bytes.</summary>
    public bool TryHold(long more)
    {
        if (more > 0 && !bytes.TryTake(who, more))
        {
            metrics.BodyRefused();
            return false;
        }

        held += Math.Max(0, more);
        return true;
    }

    /// <summary>The body is complete, and frees the place for another one.</summary>
    public void Received()
    {
        if (hasPlace)
        {
            hasPlace = false;
            places.Release(who, 1);
        }
    }

    public void Dispose()
    {
        Received();
        if (held > 0)
        {
            bytes.Release(who, held);
            held = 0;
        }
    }
}
