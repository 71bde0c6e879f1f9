namespace Lockstep.Bench.Simulation;

/// <summary>One input of the simulation.</summary>
/// <param name="Name">What it is called.</param>
/// <param name="Value">In the unit.</param>
/// <param name="Unit">For readers; nothing is computed from it.</param>
/// <param name="Source">Begins with <c>measured</c>, <c>setting</c> or <c>assumed</c>.</param>
internal sealed record Figure(string Name, double Value, string Unit, string Source);
