namespace Lockstep.Storage.Contract;

/// <summary>The machine's clock, which fails when it is told to: a fault at places where nothing else can.</summary>
public sealed class FaultyTime : TimeProvider
{
    /// <summary>Which of the coming looks at the monotonic clock fails, counted from 1; 0 for none.</summary>
    public int FailTimestamp { get; set; }

    /// <summary>Whether the next look at the wall clock fails.</summary>
    public bool FailWallClock { get; set; }

    public override long GetTimestamp() =>
        FailTimestamp > 0 && --FailTimestamp == 0 ? throw new InvalidOperationException("No clock.") : System.GetTimestamp();

    public override DateTimeOffset GetUtcNow()
    {
        var fails = FailWallClock;
        FailWallClock = false;
        return fails ? throw new InvalidOperationException("No clock.") : System.GetUtcNow();
    }
}
