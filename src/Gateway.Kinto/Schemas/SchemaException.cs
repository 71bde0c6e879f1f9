namespace Lockstep.Gateway.Kinto.Schemas;

/// <summary>The text is not a schema, or not an accepted one. The message is for its sender, and says where the fault is.</summary>
internal sealed class SchemaException(string message) : Exception(message);
