namespace Lockstep.Gateway.Routing;

/// <summary>The values of a path for the names in a template.</summary>
public readonly struct RouteValues(RouteTemplate template, RequestPath path)
{
    /// <exception cref="ArgumentException">The template has no such name.</exception>
    public string this[string name] => template.IndexOf(name) is >= 0 and var index
        ? path[index]
        : throw new ArgumentException($"'{template.Text}' has no '{name}'.", nameof(name));

    /// <summary>The number of values.</summary>
    public int Count => template?.Names.Count ?? 0;

    /// <summary>The value of the name at this index of the template.</summary>
    public string this[int index] => this[template.Names[index]];

    /// <summary>The values, in order.</summary>
    public IEnumerable<string> All
    {
        get
        {
            if (template is null)
            {
                yield break;
            }

            foreach (var name in template.Names)
            {
                yield return this[name];
            }
        }
    }
}
