namespace Lockstep.Gateway.Kinto.Schemas;

/// <summary>What is wrong with data, in the words of Kinto's validator.</summary>
/// <param name="Field">The innermost member or index that it is about; null for the whole.</param>
/// <param name="Reason">For a person.</param>
internal sealed record SchemaFault(string? Field, string Reason);
