namespace Lockstep.Bench.Simulation;

/// <summary>What is away, and until when. It goes in second 0.</summary>
/// <param name="Until">The second in which it is back; 0 for no outage.</param>
/// <param name="OneOf">Of so many users one is hit; 1 for all. With as many databases it is the last one that is away.</param>
/// <param name="IsAnswered">Whether gateways answer 503 meanwhile; else nobody does.</param>
/// <param name="GatewaysForget">Whether gateways start anew at its end, and know no password.</param>
internal sealed record Outage(int Until, int OneOf, bool IsAnswered, bool GatewaysForget)
{
    public static readonly Outage None = new(0, int.MaxValue, IsAnswered: false, GatewaysForget: false);

    public bool Concerns(int user) => DatabaseOf(user, OneOf) == OneOf - 1;

    /// <summary>Which of so many databases has a user's bucket. Users go there by twos: with two and a half devices each, one of two neighbours has three.</summary>
    public static int DatabaseOf(int user, int databases) => user / 2 % databases;

    public bool Hits(int second, int user) => second < Until && Concerns(user);
}
