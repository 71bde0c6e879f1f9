namespace Lockstep.Gateway.Pipeline;

/// <summary>The resource of a request, kept among its features for measurements.</summary>
/// <param name="Prefix">The protocol's prefix: <c>/v1</c>.</param>
/// <param name="Template">The template below it: <c>/buckets/{bucket}</c>.</param>
internal sealed record MatchedRoute(string Prefix, string Template)
{
    public string Text => Prefix + Template;
}
