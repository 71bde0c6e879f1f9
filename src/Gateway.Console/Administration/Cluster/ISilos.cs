namespace Lockstep.Gateway.Console.Administration.Cluster;

/// <summary>The silos of the cluster. The program knows them; the console shows them.</summary>
public interface ISilos
{
    /// <summary>Asks the cluster for its members, and each active one for its figures.</summary>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>The newest first; null if the cluster does not answer.</returns>
    ValueTask<IReadOnlyList<SiloState>?> ReadAsync(CancellationToken cancellationToken);
}
