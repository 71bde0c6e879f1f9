using Orleans.Runtime;
using Orleans.Runtime.Placement;

namespace Lockstep.Grains.Placement;

/// <inheritdoc cref="HomePlacement"/>
/// <param name="local">Says whether this silo is about to stop: then it is nobody's home.</param>
public sealed class HomePlacementDirector(LocalOwners local) : IPlacementDirector
{
    public Task<SiloAddress> OnAddActivation(PlacementStrategy strategy, PlacementTarget target, IPlacementContext context)
    {
        var silos = context.GetCompatibleSilos(target);
        if (local.IsLeaving && Array.FindAll(silos, silo => !silo.Equals(context.LocalSilo)) is { Length: > 0 } others)
        {
            silos = others;
        }

        return Task.FromResult(new HomeSilos(silos).Of(target.GrainIdentity.Key.ToString()!));
    }
}
