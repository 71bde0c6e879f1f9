using System.Text.Json.Nodes;

namespace Lockstep.Gateway.Kinto.OpenApi;

/// <summary>A way to sign in, in the document.</summary>
/// <param name="Name">The name that operations use.</param>
/// <param name="Definition">The security scheme object.</param>
/// <param name="IsOfStreams">Whether only streams accept it.</param>
internal sealed record ApiScheme(string Name, JsonObject Definition, bool IsOfStreams = false);
