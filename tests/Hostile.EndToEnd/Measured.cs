namespace Lockstep.Hostile;

/// <summary>What one user saw.</summary>
/// <param name="Requests">How many.</param>
/// <param name="Median">In milliseconds.</param>
/// <param name="P99">In milliseconds.</param>
/// <param name="SlowestSignIn">Of devices that signed in for the first time, which is a password hash more; in milliseconds.</param>
/// <param name="Errors">Answers that were none, and how many of each.</param>
internal sealed record Measured(int Requests, double Median, double P99, double SlowestSignIn, IReadOnlyDictionary<string, int> Errors);
