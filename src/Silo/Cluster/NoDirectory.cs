using System.Diagnostics.CodeAnalysis;
using Orleans.GrainDirectory;
using Orleans.Metadata;
using Orleans.Runtime;
using Orleans.Runtime.GrainDirectory;

namespace Lockstep.Silo.Cluster;

/// <summary>
/// The directory of grains that each silo has for itself (stateless workers). It is empty, so that the silo that is asked answers by itself. Orleans would first look for
/// these grains in the cluster's directory, where they never are. That part of the directory may be on a silo that has just died, and then nobody would answer a
/// gateway's pings, or check that silo.
/// </summary>
internal sealed class NoDirectory : IGrainDirectory, IGrainDirectoryResolver
{
    // The name of a type that is internal to Orleans, as it stands in the properties of each such grain.
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
