namespace Lockstep.Gateway.Routing;

/// <summary>The resource that a path names.</summary>
/// <typeparam name="THandler">What the protocol's handlers look like.</typeparam>
/// <param name="Resource">The resource.</param>
/// <param name="Values">What the path has where the template has names.</param>
public sealed record ResourceMatch<THandler>(Resource<THandler> Resource, RouteValues Values);
