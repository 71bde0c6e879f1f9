namespace Lockstep.Gateway.Routing;

/// <summary>
/// All resources of a protocol. Everything that needs to know which URLs exist uses this table: requests, parts of batches,
/// preflights, 405 answers, and the route names in measurements.
/// </summary>
/// <typeparam name="THandler">The type of the protocol's handlers.</typeparam>
public sealed class ResourceTable<THandler>
{
    // By number of segments; within each, the most specific first.
    private readonly Resource<THandler>[][] byLength;

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

        byLength = [.. Enumerable.Range(0, sorted.Select(resource => resource.Template.Length).DefaultIfEmpty().Max() + 1)
            .Select(length => sorted.Where(resource => resource.Template.Length == length).ToArray())];
    }

    /// <summary>In the order of the protocol's list.</summary>
    public IReadOnlyList<Resource<THandler>> Resources { get; }

    /// <param name="path">The path below the protocol's prefix.</param>
    /// <returns>Null if nothing is served there.</returns>
    public ResourceMatch<THandler>? Match(RequestPath path)
    {
        foreach (var resource in path.Count < byLength.Length ? byLength[path.Count] : [])
        {
            if (resource.Template.Matches(path))
            {
                return new ResourceMatch<THandler>(resource, new RouteValues(resource.Template, path));
            }
        }

        return null;
    }
}
