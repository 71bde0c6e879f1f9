namespace Lockstep.Gateway.Console.Administration.Figures;

/// <summary>Counts requests by how they ended and how long they took. Counting takes no lock and no memory. Safe for concurrent use.</summary>
internal sealed class RequestTally
{
    private readonly long[] durations = new long[DurationCounts.Length];
    private long errors;
    private long refusals;

    /// <param name="status">Of the answer.</param>
    /// <param name="seconds">From the request's begin to the answer's end.</param>
    public void Add(int status, double seconds)
    {
        Interlocked.Increment(ref durations[DurationCounts.PlaceOf(seconds)]);
        if (status is StatusCodes.Status503ServiceUnavailable or StatusCodes.Status429TooManyRequests)
        {
            Interlocked.Increment(ref refusals);
        }
        else if (status >= StatusCodes.Status500InternalServerError)
        {
            Interlocked.Increment(ref errors);
        }
    }

    /// <returns>What was counted since it was last taken.</returns>
    public RequestCounts Take()
    {
        var taken = new int[durations.Length];
        for (var i = 0; i < taken.Length; i++)
        {
            taken[i] = (int)Interlocked.Exchange(ref durations[i], 0);
        }

        return new(new DurationCounts(taken), Interlocked.Exchange(ref errors, 0), Interlocked.Exchange(ref refusals, 0));
    }
}
