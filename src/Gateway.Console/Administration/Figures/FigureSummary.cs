namespace Lockstep.Gateway.Console.Administration.Figures;

/// <summary>The requests of the last minute, or of the time since the start if that is shorter.</summary>
/// <param name="Seconds">How long it was; 0 before the first step has ended.</param>
/// <param name="Requests">Requests that were answered.</param>
/// <param name="Errors">Those that ended with 500 or more, without refusals.</param>
/// <param name="Refusals">Those that ended with 503 or 429.</param>
/// <param name="P50">Milliseconds that half of them did not take longer than; null for no request.</param>
/// <param name="P99">The same for 99 of 100.</param>
public sealed record FigureSummary(double Seconds, long Requests, long Errors, long Refusals, double? P50, double? P99);
