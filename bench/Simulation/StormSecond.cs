namespace Lockstep.Bench.Simulation;

/// <summary>One second of a storm. All counts are of requests.</summary>
/// <param name="Arrived">That came.</param>
/// <param name="Served">That were answered with what they had asked for.</param>
/// <param name="Failed">That were refused with 503, or met with nobody.</param>
/// <param name="Waiting">That wait at its end.</param>
/// <param name="Spent">CPU of those served, hashes among it, in microseconds.</param>
internal readonly record struct StormSecond(int Arrived, int Served, int Failed, int Waiting, Cost Spent);
