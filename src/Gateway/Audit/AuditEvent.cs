namespace Lockstep.Gateway.Audit;

/// <summary>Something that the people who watch over a server want to know.</summary>
/// <param name="Signature">The kind of event, which never changes.</param>
/// <param name="Name">The same for people.</param>
/// <param name="Severity">From 0 to 10, which is the worst.</param>
public sealed record AuditEvent(string Signature, string Name, int Severity);
