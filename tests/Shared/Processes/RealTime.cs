namespace Lockstep.Testing;

/// <summary>
/// Time that programs in processes of their own live through: their clocks are the machine's, and nobody can move those. For the
/// pace of a load, and for what takes its time by definition, such as a stop of a minute. Never for waiting until something has
/// happened, which can be awaited or asked for.
/// </summary>
internal static class RealTime
{
    public static Task PassAsync(TimeSpan time, CancellationToken cancellationToken = default) => Task.Delay(time, cancellationToken);
}
