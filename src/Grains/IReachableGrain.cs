namespace Lockstep.Grains;

/// <summary>Does nothing, and answers from whichever silo is asked first: a test whether any silo answers.</summary>
[Alias("lockstep.reachable")]
public interface IReachableGrain : IGrainWithIntegerKey
{
    [Alias("ping")]
    Task PingAsync();
}
