namespace Lockstep.Grains;

/// <summary>Where grains keep counts that mean nothing after a while. Housekeeping removes what was not written for longer than the longest of them means something, whatever grain's it is.</summary>
public static class GrainStorage
{
    /// <summary>The provider's name, which the silo registers.</summary>
    public const string Name = "lockstep";
}
