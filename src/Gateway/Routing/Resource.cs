namespace Lockstep.Gateway.Routing;

/// <summary>The methods that a protocol serves under one path.</summary>
/// <typeparam name="THandler">The type of the protocol's handlers.</typeparam>
public sealed class Resource<THandler>
{
    private const string Options = "OPTIONS";

    /// <param name="template">The path below the protocol's prefix: <c>/buckets/{bucket}</c>.</param>
    /// <param name="methods">In the order in which clients see them. <c>OPTIONS</c> must not be given: every resource has it.</param>
    /// <exception cref="ArgumentException">The template is invalid, or a method is given twice.</exception>
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

    /// <summary>The methods as in <c>Allow</c> and preflights: <c>GET, HEAD, OPTIONS</c>.</summary>
    public string Allow { get; }

    /// <summary>Whether it is for monitoring of the process.</summary>
    public bool IsProbe => Methods.Any() && Methods.All(method => method.Access == Access.Probe);

    /// <returns>Null if the resource does not have the method.</returns>
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

    /// <summary>The same path with only those methods that meet the condition.</summary>
    public Resource<THandler> Only(Func<ResourceMethod<THandler>, bool> condition) => new(Template.Text, Methods.Where(condition));

    /// <summary>The same path with each method changed.</summary>
    public Resource<THandler> With(Func<ResourceMethod<THandler>, ResourceMethod<THandler>> change) => new(Template.Text, Methods.Select(change));
}
