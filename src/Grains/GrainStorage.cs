namespace Lockstep.Grains;

/// <summary>Where grains keep small state.</summary>
public static class GrainStorage
{
    /// <summary>The provider's name, which the silo registers.</summary>
    public const string Name = "lockstep";
}
