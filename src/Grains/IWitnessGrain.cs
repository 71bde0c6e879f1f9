namespace Lockstep.Grains;

/// <summary>Checks a silo that another silo cannot reach.</summary>
[Alias("lockstep.witness")]
public interface IWitnessGrain : IGrainWithIntegerKey
{
    /// <param name="silo">A silo of this cluster.</param>
    /// <returns>
    /// Whether it is active in the table, and its address refuses connections from here. A hanging silo does not refuse them. A firewall may refuse
    /// them in its place, for some silos and not for others.
    /// </returns>
    [Alias("look")]
    Task<bool> IsGoneAsync(SiloAddress silo);

    /// <summary>Checks once more, and declares the silo dead if it is gone. To be called when no silo that checked has reached it.</summary>
    /// <param name="silo">A silo of this cluster.</param>
    [Alias("declare")]
    Task DeclareAsync(SiloAddress silo);
}
