namespace Lockstep.Hostile;

/// <summary>What one user saw.</summary>
/// <param name="Requests">How many.</param>
/// <param name="Median">In milliseconds.</param>
/// <param name="P99">In milliseconds.</param>
/// <param name="Errors">Answers that were none, and how many of each.</param>
internal sealed record Measured(int Requests, double Median, double P99, IReadOnlyDictionary<string, int> Errors);
