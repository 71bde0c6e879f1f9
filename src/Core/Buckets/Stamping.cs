namespace Lockstep.Core.Buckets;

/// <summary>What gets a stamp of its own.</summary>
public enum Stamping : byte
{
    /// <summary>Each object that an operation changes.</summary>
    PerOperation = 0,

    /// <summary>Each request: all that it changes has the same stamp.</summary>
    PerRequest = 1,
}
