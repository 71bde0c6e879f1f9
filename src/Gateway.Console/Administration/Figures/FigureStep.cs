namespace Lockstep.Gateway.Console.Administration.Figures;

/// <summary>What was measured in one step.</summary>
/// <param name="At">Its end, in milliseconds since the Unix epoch.</param>
/// <param name="Seconds">How long it lasted.</param>
/// <param name="Requests">The requests that ended in it.</param>
/// <param name="Values">The values of <see cref="LiveFigures.Read"/>'s other series, in their order; null where nothing was measured.</param>
internal sealed record FigureStep(long At, double Seconds, RequestCounts Requests, double?[] Values);
