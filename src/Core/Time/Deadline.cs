namespace Lockstep.Core.Time;

/// <summary>
/// The time by which an answer is due, on the monotonic clock of this process. Each step takes a share of the time that is left,
/// so that a caller always waits longer than the callee takes. The default value never comes.
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

    /// <summary>Zero after the deadline; weeks when it never comes.</summary>
    public TimeSpan Left => time is null ? Never
        : within - time.GetElapsedTime(begun) is var left && left > TimeSpan.Zero ? left
        : TimeSpan.Zero;

    public bool HasCome => Left == TimeSpan.Zero;

    /// <summary>A deadline after a time from now.</summary>
    public static Deadline After(TimeSpan within, TimeProvider time) => new(time, time.GetTimestamp(), within);

    /// <summary>The earlier one.</summary>
    public static Deadline Earliest(Deadline a, Deadline b) => b.Left < a.Left ? b : a;

    /// <summary>Waits for the task until the deadline at most.</summary>
    /// <exception cref="TimeoutException">The task has not ended by then.</exception>
    public Task<T> WaitAsync<T>(Task<T> task) => time is null ? task : task.WaitAsync(Left, time);

    /// <summary>A moment before this deadline; never comes if this one does not.</summary>
    public Deadline Before(TimeSpan by) => time is null ? this : new(time, begun, within - by);
}
