namespace Lockstep.Bench.Simulation;

/// <summary>CPU of a request, or of a second's requests, in microseconds.</summary>
/// <param name="Gateway">In the gateway.</param>
/// <param name="Silo">In the owner's silo.</param>
/// <param name="Database">In PostgreSQL.</param>
internal readonly record struct Cost(double Gateway, double Silo, double Database)
{
    public static Cost operator +(Cost left, Cost right) => new(left.Gateway + right.Gateway, left.Silo + right.Silo, left.Database + right.Database);

    public static Cost operator *(double times, Cost cost) => new(times * cost.Gateway, times * cost.Silo, times * cost.Database);
}
