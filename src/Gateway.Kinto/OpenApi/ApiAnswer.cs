namespace Lockstep.Gateway.Kinto.OpenApi;

/// <summary>An answer in the document.</summary>
/// <param name="Status">Its status.</param>
/// <param name="Description">What it means.</param>
/// <param name="Schema">A schema of components.json; null for no body.</param>
internal sealed record ApiAnswer(int Status, string Description, string? Schema = null)
{
    /// <summary>The body's media type.</summary>
    public string MediaType { get; init; } = ContentTypes.Json;

    /// <summary>Names of components.json.</summary>
    public IReadOnlyList<string> Headers { get; init; } = [];
}
