namespace Lockstep.Gateway.Routing;

/// <summary>The resource that a path names.</summary>
/// <typeparam name="THandler">The type of the protocol's handlers.</typeparam>
/// <param name="Resource">The resource.</param>
/// <param name="Values">The path's values for the names in the template.</param>
public sealed record ResourceMatch<THandler>(Resource<THandler> Resource, RouteValues Values);
