namespace Lockstep.Grains.Placement;

/// <summary>
/// Rendezvous hashing: of the silos there are, a bucket's home is the one with the highest score. Whoever sees the same silos
/// names the same home; when a silo comes or goes, only the buckets move that it gets or had. Being of one mind about it makes
/// calls short, and nothing else rests on it.
/// </summary>
public static class Rendezvous
{
    /// <summary>Of a bucket's id, or of a silo's address and port.</summary>
    public static uint Hash(string text) => StableHash.ComputeHash(text);

    /// <param name="bucket">Hash of the bucket's id.</param>
    /// <param name="silo">Hash of the silo.</param>
    public static ulong Score(uint bucket, uint silo)
    {
        // The finalizer of SplitMix64: every bit of the two moves about half of the bits of the score.
        var mixed = ((ulong)bucket << 32) | silo;
        mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9;
        mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB;
        return mixed ^ (mixed >> 31);
    }
}
