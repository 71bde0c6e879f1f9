namespace Lockstep.Gateway.Kinto.OpenApi;

/// <summary>The description of a resource's method, beyond the table of resources.</summary>
/// <param name="Id">Its unique name in generated clients.</param>
/// <param name="Tag">The group that it belongs to.</param>
/// <param name="Summary">What it does.</param>
internal sealed record ApiOperation(string Id, string Tag, string Summary)
{
    /// <summary>Parameters of query and headers: names of components.json.</summary>
    public IReadOnlyList<string> Parameters { get; init; } = [];

    /// <summary>The forms of its body; none where it has no body.</summary>
    public IReadOnlyList<ApiBody> Bodies { get; init; } = [];

    /// <summary>Answers that are not errors. Every operation has the errors as well.</summary>
    public IReadOnlyList<ApiAnswer> Answers { get; init; } = [];
}
