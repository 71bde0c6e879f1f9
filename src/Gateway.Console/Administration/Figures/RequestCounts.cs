namespace Lockstep.Gateway.Console.Administration.Figures;

/// <summary>Requests of some time.</summary>
/// <param name="Durations">How long they took; each request counts once.</param>
/// <param name="Errors">Those that ended with 500 or more, without refusals.</param>
/// <param name="Refusals">Those for which there was no room, or too many failures before: 503 and 429.</param>
internal sealed record RequestCounts(DurationCounts Durations, long Errors, long Refusals);
