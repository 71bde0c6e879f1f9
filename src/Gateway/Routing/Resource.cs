namespace Lockstep.Gateway.Routing;

/// <summary>What a protocol serves under one path.</summary>
/// <typeparam name="THandler">What the protocol's handlers look like.</typeparam>
public sealed class Resource<THandler>
{
    private const string Options = "OPTIONS";

    /// <param name="template">Below the protocol's prefix: <c>/buckets/{bucket}</c>.</param>
    /// <param name="methods">In the order in which clients are told them. <c>OPTIONS</c> is no one's to give: all have it.</param>
    /// <exception cref="ArgumentException">A bad template, or a method given twice.</exception>
    public Resource(string template, params IEnumerable<ResourceMethod<THandler>> methods)
    {
        Template = new RouteTemplate(template);
        Methods = [.. methods];
        Allow = string.Join(", ", [.. Methods.Select(method => method.Name), Options]);
        if (Methods.Select(method => method.Name).Append(Options).Distinct(StringComparer.Ordinal).Count() <= Methods.Count)
        {
            throw new ArgumentException($"The resource '{template}' has a method twice: {Allow}.", nameof(methods));
        }
    }

    public RouteTemplate Template { get; }

    public IReadOnlyList<ResourceMethod<THandler>> Methods { get; }

    /// <summary>The methods, as <c>Allow</c> and preflights say them: <c>GET, HEAD, OPTIONS</c>.</summary>
    public string Allow { get; }

    /// <summary>Whether it is there for whoever watches over the process.</summary>
    public bool IsProbe => Methods.Any() && Methods.All(method => method.Access == Access.Probe);

    /// <returns>Null when the resource does not have the method.</returns>
    public ResourceMethod<THandler>? Find(string method)
    {
        foreach (var own in Methods)
        {
            if (string.Equals(own.Name, method, StringComparison.Ordinal))
            {
                return own;
            }
        }

        return null;
    }

    /// <summary>The same path with those methods only that the condition holds for.</summary>
    public Resource<THandler> Only(Func<ResourceMethod<THandler>, bool> condition) => new(Template.Text, Methods.Where(condition));

    /// <summary>The same path with each method as the change makes it.</summary>
    public Resource<THandler> With(Func<ResourceMethod<THandler>, ResourceMethod<THandler>> change) => new(Template.Text, Methods.Select(change));
}
