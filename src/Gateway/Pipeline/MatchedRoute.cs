namespace Lockstep.Gateway.Pipeline;

/// <summary>Which resource a request is about, left among its features for measurements.</summary>
/// <param name="Prefix">Of the protocol: <c>/v1</c>.</param>
/// <param name="Template">Below it: <c>/buckets/{bucket}</c>.</param>
internal sealed record MatchedRoute(string Prefix, string Template)
{
    public string Text => Prefix + Template;
}
