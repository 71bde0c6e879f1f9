namespace Lockstep.Gateway.Audit;

/// <summary>Something that whoever watches over a server wants to hear of.</summary>
/// <param name="Signature">What kind it is; the same for ever.</param>
/// <param name="Name">The same for people.</param>
/// <param name="Severity">From 0 to 10, which is the worst.</param>
public sealed record AuditEvent(string Signature, string Name, int Severity);
