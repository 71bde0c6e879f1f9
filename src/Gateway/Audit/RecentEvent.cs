namespace Lockstep.Gateway.Audit;

/// <summary>An event that has happened.</summary>
/// <param name="At">When.</param>
/// <param name="What">Its kind.</param>
/// <param name="Source">What it has come of.</param>
public sealed record RecentEvent(DateTimeOffset At, AuditEvent What, AuditSource Source);
