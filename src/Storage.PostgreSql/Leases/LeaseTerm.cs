namespace Lockstep.Storage.PostgreSql.Leases;

/// <summary>One unbroken run of renewals.</summary>
/// <param name="Process">This process's row; 0 while it has no valid one, and then nothing is held.</param>
/// <param name="Term">Number of the run in this process, from 1. Heads of an earlier run are not used for answers.</param>
/// <param name="Confirmed">When the last successful renewal was begun, on the monotonic clock.</param>
/// <param name="ConfirmedAt">The same on the wall clock, which also goes on while a machine sleeps.</param>
internal sealed record LeaseTerm(long Process, long Term, long Confirmed, DateTimeOffset ConfirmedAt);
