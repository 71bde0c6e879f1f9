namespace Lockstep.Gateway.Pipeline;

/// <summary>Which resource a request is about, left among its features for measurements.</summary>
/// <param name="Text">Prefix and template: <c>/v1/buckets/{bucket}</c>.</param>
internal sealed record MatchedRoute(string Text);
