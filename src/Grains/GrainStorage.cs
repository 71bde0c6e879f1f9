namespace Lockstep.Grains;

/// <summary>The storage in which grains keep short-lived counts. Housekeeping removes any grain's state that was not written for longer than the longest of these counts is valid.</summary>
public static class GrainStorage
{
    /// <summary>The provider's name, which the silo registers.</summary>
    public const string Name = "lockstep";
}
