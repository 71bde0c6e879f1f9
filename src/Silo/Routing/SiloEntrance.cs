using System.Net;

namespace Lockstep.Silo.Routing;

/// <summary>Where a silo is, as the table of members says.</summary>
/// <param name="Silo">Where other silos reach it, which names it.</param>
/// <param name="Gateway">Where gateways reach it.</param>
/// <param name="Generation">Tells starts of a silo on one address apart.</param>
internal sealed record SiloEntrance(IPEndPoint Silo, IPEndPoint Gateway, int Generation);
