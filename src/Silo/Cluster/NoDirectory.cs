using System.Diagnostics.CodeAnalysis;
using Orleans.GrainDirectory;
using Orleans.Metadata;
using Orleans.Runtime;
using Orleans.Runtime.GrainDirectory;

namespace Lockstep.Silo.Cluster;

/// <summary>
/// The directory of grains that each silo has of its own (stateless workers): there is nothing in it, so that whichever silo is asked answers itself. Orleans would look
/// for them in the cluster's directory the first time, where they never are: and that part of it may lie at a silo that has gone without a word. Then nobody would answer a
/// gateway's pings, or look at that silo.
/// </summary>
internal sealed class NoDirectory : IGrainDirectory, IGrainDirectoryResolver
{
    // The name of a type that Orleans keeps to itself, as the properties of each such grain have it.
    private const string StatelessWorker = "StatelessWorkerPlacement";

    public bool TryResolveGrainDirectory(GrainType grainType, GrainProperties? properties, [NotNullWhen(true)] out IGrainDirectory? grainDirectory)
    {
        grainDirectory = properties is not null
            && properties.Properties.TryGetValue(WellKnownGrainTypeProperties.PlacementStrategy, out var strategy) && strategy is StatelessWorker
            ? this
            : null;
        return grainDirectory is not null;
    }

    public Task<GrainAddress?> Register(GrainAddress address) => Task.FromResult<GrainAddress?>(address);

    public Task Unregister(GrainAddress address) => Task.CompletedTask;

    public Task<GrainAddress?> Lookup(GrainId grainId) => Task.FromResult<GrainAddress?>(null);

    public Task UnregisterSilos(List<SiloAddress> siloAddresses) => Task.CompletedTask;
}
