namespace Lockstep.Gateway.Kinto.Schemas;

/// <summary>What is no schema, or none that is taken here. The message is for whoever sent it, and says where.</summary>
internal sealed class SchemaException(string message) : Exception(message);
