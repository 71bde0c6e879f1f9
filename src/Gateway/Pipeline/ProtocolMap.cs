using Lockstep.Gateway.Routing;

namespace Lockstep.Gateway.Pipeline;

/// <summary>Which protocol a path belongs to.</summary>
internal sealed class ProtocolMap
{
    // The longest prefix first.
    private readonly (RequestPath Path, string Text, IProtocolEndpoint Endpoint)[] prefixes;
    private readonly IProtocolEndpoint? others;

    /// <exception cref="InvalidOperationException">Two protocols want the same.</exception>
    public ProtocolMap(IEnumerable<IProtocolEndpoint> endpoints)
    {
        var all = endpoints.ToList();
        prefixes = [.. all
            .SelectMany(endpoint => endpoint.Prefixes.Select(prefix => (Path: RequestPath.OfDecoded(prefix), Text: prefix, Endpoint: endpoint)))
            .OrderByDescending(prefix => prefix.Path.Count)];
        if (prefixes.GroupBy(prefix => prefix.Text, StringComparer.Ordinal).FirstOrDefault(group => group.Count() > 1) is { } twice)
        {
            throw new InvalidOperationException($"{string.Join(" and ", twice.Select(prefix => prefix.Endpoint.Name))} lie under the same prefix '{twice.Key}'.");
        }

        var candidates = all.Where(endpoint => endpoint.AnswersUnknownPaths).ToList();
        if (candidates.Count > 1)
        {
            throw new InvalidOperationException($"{string.Join(" and ", candidates.Select(endpoint => endpoint.Name))} both answer unknown paths.");
        }

        others = candidates.FirstOrDefault();
    }

    /// <returns>Whose prefix the path lies under, or who answers elsewhere; null for nobody.</returns>
    public IProtocolEndpoint? Find(RequestPath path) =>
        Array.Find(prefixes, prefix => path.Below(prefix.Path) is not null).Endpoint ?? others;

    public Task HandleAsync(HttpContext context)
    {
        var path = EncodedPath.Of(context.Request);
        foreach (var (prefix, text, endpoint) in prefixes)
        {
            if (path.Below(prefix) is { } below)
            {
                return endpoint.HandleAsync(context, text, below);
            }
        }

        if (others is not null)
        {
            return others.HandleUnknownAsync(context);
        }

        context.Response.StatusCode = StatusCodes.Status404NotFound;
        return Task.CompletedTask;
    }
}
