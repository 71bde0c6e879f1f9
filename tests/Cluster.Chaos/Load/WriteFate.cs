namespace Lockstep.Cluster.Chaos.Load;

/// <summary>What became of a content that was sent.</summary>
internal enum WriteFate
{
    UnderWay,
    Acknowledged,
    Unknown,

    /// <summary>Its client was told that it was not stored.</summary>
    NotStored,
}
