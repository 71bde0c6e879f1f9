namespace Lockstep.Bench;

/// <summary>Where a measurement is, told by its coordinator to all its connections.</summary>
internal sealed class Phase
{
    private volatile bool measuring;
    private volatile bool ended;

    public bool IsMeasuring => measuring;

    public bool HasEnded => ended;

    public void Begin() => measuring = true;

    public void End() => (measuring, ended) = (false, true);
}
