namespace Lockstep.Gateway.Kinto.OpenApi;

/// <summary>The description of the API, and its page.</summary>
public sealed record OpenApiOptions
{
    /// <summary>Whether <c>/__api__</c> describes the API, in OpenAPI 3.1. Default: true.</summary>
    public bool Enabled { get; init; } = true;

    /// <summary>Whether <c>/__docs__</c> shows that in a browser. Default: true; not without the document.</summary>
    public bool Page { get; init; } = true;
}
