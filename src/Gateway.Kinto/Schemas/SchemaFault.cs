namespace Lockstep.Gateway.Kinto.Schemas;

/// <summary>The fault in data, in the words of Kinto's validator.</summary>
/// <param name="Field">The innermost member or index at fault; null for the whole.</param>
/// <param name="Reason">A message for people.</param>
internal sealed record SchemaFault(string? Field, string Reason);
