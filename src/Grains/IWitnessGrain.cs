namespace Lockstep.Grains;

/// <summary>A silo's own look at another one, which somebody else cannot reach.</summary>
[Alias("lockstep.witness")]
public interface IWitnessGrain : IGrainWithIntegerKey
{
    /// <param name="silo">Of this cluster.</param>
    /// <returns>
    /// Whether it is active by the table, and its address refuses connections as seen from here. A silo that hangs refuses none. A firewall may refuse
    /// them in its place, for some and not for others.
    /// </returns>
    [Alias("look")]
    Task<bool> IsGoneAsync(SiloAddress silo);

    /// <summary>Looks once more, and declares a silo dead that is gone. To be asked for when none of those who looked has reached it.</summary>
    /// <param name="silo">Of this cluster.</param>
    [Alias("declare")]
    Task DeclareAsync(SiloAddress silo);
}
