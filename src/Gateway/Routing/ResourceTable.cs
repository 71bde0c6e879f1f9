namespace Lockstep.Gateway.Routing;

/// <summary>
/// All resources of a protocol. Everything that has to know which URLs there are asks here: requests and parts of batches,
/// preflights, refusals of a method, the names of routes in measurements.
/// </summary>
/// <typeparam name="THandler">What the protocol's handlers look like.</typeparam>
public sealed class ResourceTable<THandler>
{
    // By number of segments; in each the most definite first.
    private readonly ILookup<int, Resource<THandler>> byLength;

    /// <exception cref="ArgumentException">Two resources have the same paths.</exception>
    public ResourceTable(IEnumerable<Resource<THandler>> resources)
    {
        Resources = [.. resources];
        var sorted = Resources.ToArray();
        Array.Sort(sorted, static (a, b) => RouteTemplate.Compare(a.Template, b.Template));
        for (var i = 1; i < sorted.Length; i++)
        {
            if (RouteTemplate.Compare(sorted[i - 1].Template, sorted[i].Template) == 0)
            {
                throw new ArgumentException(
                    $"'{sorted[i - 1].Template.Text}' and '{sorted[i].Template.Text}' match the same paths.", nameof(resources));
            }
        }

        byLength = sorted.ToLookup(resource => resource.Template.Length);
    }

    /// <summary>In the order in which the protocol lists them.</summary>
    public IReadOnlyList<Resource<THandler>> Resources { get; }

    /// <param name="path">Below the protocol's prefix.</param>
    /// <returns>Null when nothing is served there.</returns>
    public ResourceMatch<THandler>? Match(RequestPath path)
    {
        foreach (var resource in byLength[path.Count])
        {
            if (resource.Template.Matches(path))
            {
                return new ResourceMatch<THandler>(resource, new RouteValues(resource.Template, path));
            }
        }

        return null;
    }
}
