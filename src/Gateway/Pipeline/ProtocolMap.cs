using Lockstep.Gateway.Routing;

namespace Lockstep.Gateway.Pipeline;

/// <summary>Finds the protocol that a path belongs to.</summary>
internal sealed class ProtocolMap
{
    // The longest prefix first. Of two with the same prefix, the one that leaves requests to the other comes first.
    private readonly (RequestPath Path, string Text, IProtocolEndpoint Endpoint)[] prefixes;
    private readonly IProtocolEndpoint? others;

    /// <exception cref="InvalidOperationException">Two protocols have the same prefix.</exception>
    public ProtocolMap(IEnumerable<IProtocolEndpoint> endpoints)
    {
        var all = endpoints.ToList();
        prefixes = [.. all
            .SelectMany(endpoint => endpoint.Prefixes.Select(prefix => (Path: RequestPath.OfDecoded(prefix), Text: prefix, Endpoint: endpoint)))
            .OrderByDescending(prefix => prefix.Path.Count).ThenByDescending(prefix => prefix.Endpoint.SharesPrefixes)];
        if (prefixes.GroupBy(prefix => (prefix.Text, prefix.Endpoint.SharesPrefixes)).FirstOrDefault(group => group.Count() > 1) is { } twice)
        {
            throw new InvalidOperationException($"{string.Join(" and ", twice.Select(prefix => prefix.Endpoint.Name))} lie under the same prefix '{twice.Key.Text}'.");
        }

        var candidates = all.Where(endpoint => endpoint.AnswersUnknownPaths).ToList();
        if (candidates.Count > 1)
        {
            throw new InvalidOperationException($"{string.Join(" and ", candidates.Select(endpoint => endpoint.Name))} both answer unknown paths.");
        }

        others = candidates.FirstOrDefault();
    }

    /// <summary>Finds the protocol for a request that the HTTP server could not read.</summary>
    /// <returns>The protocol with the path's prefix, or the one that answers elsewhere; null for none.</returns>
    public IProtocolEndpoint? Find(RequestPath path) =>
        Array.Find(prefixes, prefix => path.Below(prefix.Path) is { } below && prefix.Endpoint.TakesUnread(below)).Endpoint ?? others;

    public Task HandleAsync(HttpContext context)
    {
        var path = EncodedPath.Of(context.Request);
        foreach (var (prefix, text, endpoint) in prefixes)
        {
            if (path.Below(prefix) is { } below && endpoint.TryHandle(context, text, below, out var handling))
            {
                return handling;
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
