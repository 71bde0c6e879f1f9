using Orleans.Placement;
using Orleans.Runtime;

namespace Lockstep.Grains.Placement;

/// <summary>An owner is activated on its bucket's home silo, whichever silo is asked.</summary>
public sealed class HomePlacement : PlacementStrategy;

/// <inheritdoc cref="HomePlacement"/>
[AttributeUsage(AttributeTargets.Class)]
internal sealed class HomePlacementAttribute() : PlacementAttribute(new HomePlacement());
