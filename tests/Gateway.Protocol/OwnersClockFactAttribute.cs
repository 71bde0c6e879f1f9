namespace Lockstep.Gateway.Protocol;

/// <summary>A test that moves the clock of the owners, and with it that of all in their process.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class OwnersClockFactAttribute : FactAttribute
{
    public OwnersClockFactAttribute()
    {
#if CLUSTER
        Skip = "silos take each other for dead by a clock that stands still or jumps";
#endif
    }
}
