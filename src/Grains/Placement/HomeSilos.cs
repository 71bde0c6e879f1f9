using Orleans.Runtime;

namespace Lockstep.Grains.Placement;

/// <summary>The homes of buckets among some silos; see <see cref="Rendezvous"/>.</summary>
/// <param name="silos">At least one.</param>
public sealed class HomeSilos(SiloAddress[] silos)
{
    private readonly uint[] hashes = Array.ConvertAll(silos, silo => Rendezvous.Hash(silo.Endpoint.ToString()));

    /// <param name="bucket">The bucket's stored id.</param>
    public SiloAddress Of(string bucket)
    {
        var key = Rendezvous.Hash(bucket);
        var best = 0;
        for (var i = 1; i < silos.Length; i++)
        {
            if (Rendezvous.Score(key, hashes[i]) > Rendezvous.Score(key, hashes[best]))
            {
                best = i;
            }
        }

        return silos[best];
    }
}
