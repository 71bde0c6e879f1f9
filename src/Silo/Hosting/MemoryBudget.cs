namespace Lockstep.Silo.Hosting;

/// <summary>The memory that requests may take in this process, and the shares of it for settings that nobody has set.</summary>
internal static class MemoryBudget
{
    private const string Bodies = "Http:MaxBufferedBytes";
    private const string Answers = "Http:MaxAnswerBytes";
    private const string Queues = "Buckets:MaxQueuedBytesInProcess";
    private const string Work = "Buckets:MaxWorkBytes";
    private const string Sorts = "Buckets:MaxSortedBytes";

    // More would not serve more requests at a time; it would only let a few of them take more.
    private const long Greatest = 1L << 30;

    /// <summary>Bytes of the budget: those that are set, else half of what the container or the machine gives, at most 1 GiB.</summary>
    /// <param name="options">Settings.</param>
    /// <param name="available">What the container or the machine gives.</param>
    public static long Of(LockstepOptions options, long available) =>
        options.MemoryBudgetBytes > 0 ? options.MemoryBudgetBytes : Math.Min(Greatest, Math.Max(1, available / 2));

    /// <param name="options">As they were read.</param>
    /// <param name="isSet">Whether somebody has set the setting of that name; what is set stays.</param>
    /// <param name="available">What the container or the machine gives.</param>
    public static LockstepOptions Share(LockstepOptions options, Func<string, bool> isSet, long available)
    {
        var budget = Of(options, available);
        var http = options.Http with
        {
            // If this were smaller, one user's largest requests would shut out the others.
            MaxBufferedBytes = isSet(Bodies) ? options.Http.MaxBufferedBytes : Math.Max(budget / 4, 4L * options.Http.MaxRequestBytes),
            MaxAnswerBytes = isSet(Answers) ? options.Http.MaxAnswerBytes : Math.Max(1, budget / 4),
        };
        var buckets = options.Buckets with
        {
            MaxQueuedBytesInProcess = isSet(Queues) ? options.Buckets.MaxQueuedBytesInProcess : Math.Max(options.Buckets.MaxQueuedBytes, budget / 4),
            MaxWorkBytes = isSet(Work) ? options.Buckets.MaxWorkBytes : Math.Max(1, budget / 4),
            MaxSortedBytes = isSet(Sorts) ? options.Buckets.MaxSortedBytes : Math.Max(1, budget / 16),
        };
        return options with { Http = http, Buckets = buckets };
    }
}
