namespace Lockstep.Gateway.Kinto.OpenApi;

/// <summary>A form of a request's body.</summary>
/// <param name="MediaType">Its type.</param>
/// <param name="Schema">A schema of components.json.</param>
internal sealed record ApiBody(string MediaType, string Schema);
