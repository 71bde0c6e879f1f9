namespace Lockstep.Core.Tests.Knot.Here;

/// <summary>Knows somebody who knows it: what the test of borders must see.</summary>
internal sealed record One(There.Other? Other);
