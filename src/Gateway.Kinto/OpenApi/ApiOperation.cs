namespace Lockstep.Gateway.Kinto.OpenApi;

/// <summary>What the document says of a method of a resource, besides what the table of resources does.</summary>
/// <param name="Id">Its name in clients that are made from the document; each has its own.</param>
/// <param name="Tag">What it belongs to.</param>
/// <param name="Summary">What it does.</param>
internal sealed record ApiOperation(string Id, string Tag, string Summary)
{
    /// <summary>Of the query and the headers: names of components.json.</summary>
    public IReadOnlyList<string> Parameters { get; init; } = [];

    /// <summary>The forms of its body; none where it has no body.</summary>
    public IReadOnlyList<ApiBody> Bodies { get; init; } = [];

    /// <summary>Answers that are no errors. All have these too.</summary>
    public IReadOnlyList<ApiAnswer> Answers { get; init; } = [];
}
