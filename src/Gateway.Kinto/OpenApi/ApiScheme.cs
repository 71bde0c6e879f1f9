using System.Text.Json.Nodes;

namespace Lockstep.Gateway.Kinto.OpenApi;

/// <summary>A way to sign in, as the document has it.</summary>
/// <param name="Name">By which operations name it.</param>
/// <param name="Definition">The security scheme object.</param>
/// <param name="IsOfStreams">Whether streams alone take it.</param>
internal sealed record ApiScheme(string Name, JsonObject Definition, bool IsOfStreams = false);
