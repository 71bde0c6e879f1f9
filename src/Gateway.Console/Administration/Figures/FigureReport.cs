namespace Lockstep.Gateway.Console.Administration.Figures;

/// <summary>The figures of one process for the last minutes.</summary>
/// <param name="Process">Machine and process id: <c>db-1:4711</c>.</param>
/// <param name="Version">Of the program.</param>
/// <param name="Since">When it was started, in milliseconds since the Unix epoch.</param>
/// <param name="At">The ends of the steps, the newest last, in milliseconds since the Unix epoch.</param>
/// <param name="Series">For each name a value for each step; null where nothing was measured.</param>
/// <param name="Minute">The last minute as a whole.</param>
public sealed record FigureReport(
    string Process, string Version, long Since, IReadOnlyList<long> At, IReadOnlyDictionary<string, IReadOnlyList<double?>> Series, FigureSummary Minute)
{
    /// <summary>The newest value of a series; null for none.</summary>
    public double? Last(string name) => Series.TryGetValue(name, out var values) && values.Count > 0 ? values[^1] : null;
}
