using Xunit;

namespace Lockstep.Testing;

/// <summary>A test of wall clocks that are set, left out where they cannot be.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class ClockFactAttribute : FactAttribute
{
    public ClockFactAttribute() => Skip = FakeClock.Missing;
}
