namespace Lockstep.Core.Time;

/// <summary>
/// When something must be answered, on the monotonic clock of this process. What is done for it takes its share of what is left,
/// so that whoever asks waits for longer than whoever is asked takes. The default value never comes.
/// </summary>
public readonly record struct Deadline
{
    // Timers take no more than 49 days.
    private static readonly TimeSpan Never = TimeSpan.FromDays(40);

    private readonly TimeProvider? time;
    private readonly long begun;
    private readonly TimeSpan within;

    private Deadline(TimeProvider time, long begun, TimeSpan within)
    {
        this.time = time;
        this.begun = begun;
        this.within = within;
    }

    /// <summary>Zero when it has come; weeks when it never comes.</summary>
    public TimeSpan Left => time is null ? Never
        : within - time.GetElapsedTime(begun) is var left && left > TimeSpan.Zero ? left
        : TimeSpan.Zero;

    public bool HasCome => Left == TimeSpan.Zero;

    /// <summary>So long from now.</summary>
    public static Deadline After(TimeSpan within, TimeProvider time) => new(time, time.GetTimestamp(), within);

    /// <summary>The one that comes first.</summary>
    public static Deadline Earliest(Deadline a, Deadline b) => b.Left < a.Left ? b : a;

    /// <summary>Waits for the task no longer than that.</summary>
    /// <exception cref="TimeoutException">It has not ended by then.</exception>
    public Task<T> WaitAsync<T>(Task<T> task) => time is null ? task : task.WaitAsync(Left, time);

    /// <summary>A moment before this one; never comes if this one does not.</summary>
    public Deadline Before(TimeSpan by) => time is null ? this : new(time, begun, within - by);
}
