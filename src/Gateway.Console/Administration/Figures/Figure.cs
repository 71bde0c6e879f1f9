namespace Lockstep.Gateway.Console.Administration.Figures;

/// <summary>A measurement that is read at the end of each step.</summary>
/// <param name="Name">Its name in reports.</param>
/// <param name="Meter">The meter of the instrument.</param>
/// <param name="Instrument">The instrument's name; docs/operations/monitoring.md says what it measures.</param>
/// <param name="IsTotal">Whether it counts from the start of the process, so that a step has the difference.</param>
/// <param name="IsWorst">Whether of several parts of the server the highest value counts, and not the sum.</param>
internal sealed record Figure(string Name, string Meter, string Instrument, bool IsTotal = false, bool IsWorst = false);
