namespace Lockstep.Grains;

/// <summary>Answers from whichever silo is asked first, and does nothing: whether there is a silo that answers.</summary>
[Alias("lockstep.reachable")]
public interface IReachableGrain : IGrainWithIntegerKey
{
    [Alias("ping")]
    Task PingAsync();
}
