namespace Lockstep.Gateway.Kinto.OpenApi;

/// <summary>A form that the body of a request can have.</summary>
/// <param name="MediaType">Its type.</param>
/// <param name="Schema">A schema of components.json.</param>
internal sealed record ApiBody(string MediaType, string Schema);
