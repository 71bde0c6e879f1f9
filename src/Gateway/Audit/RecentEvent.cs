namespace Lockstep.Gateway.Audit;

/// <summary>An event that has happened.</summary>
/// <param name="At">When.</param>
/// <param name="What">Its kind.</param>
/// <param name="Source">What caused it.</param>
public sealed record RecentEvent(DateTimeOffset At, AuditEvent What, AuditSource Source);
