using System.Globalization;

namespace Lockstep.Bench;

/// <summary>Which silo has how many owners while silos come and go, and what becomes of polls meanwhile.</summary>
internal static class OwnerMoves
{
    private const int PollsAtOnce = 20;
    private static readonly TimeSpan Step = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    /// <param name="arguments">As <see cref="UserPolls.Parse"/> takes them; the port of the StatsD; seconds; how many users there are.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public static async Task RunAsync(string[] arguments, CancellationToken cancellationToken)
    {
        var polls = UserPolls.Parse(arguments);
        using var owners = new OwnerCounts(int.Parse(arguments[3], CultureInfo.InvariantCulture));
        var (seconds, users) = (int.Parse(arguments[4], CultureInfo.InvariantCulture), int.Parse(arguments[5], CultureInfo.InvariantCulture));
        var (random, time, answered) = (new Random(1), TimeProvider.System, 0);
        var failures = new List<string>();

        await OwnerCounts.HearAsync(cancellationToken);
        await Console.Out.WriteLineAsync("| Second | owners in each silo | polls answered | polls failed |\n|--:|---|--:|--:|");
        await WriteAsync(0);
        var began = time.GetTimestamp();
        for (var next = Step; next.TotalSeconds <= seconds; next += Step)
        {
            while (time.GetElapsedTime(began) < next)
            {
                var failed = await polls.PollAsync([.. Enumerable.Range(0, PollsAtOnce).Select(_ => random.Next(users))], _ => Interlocked.Increment(ref answered), cancellationToken);
                failures.AddRange(failed.Select(static one => one.Why));
                await Task.Delay(Pause, cancellationToken);
            }

            await WriteAsync(time.GetElapsedTime(began).TotalSeconds);
        }

        if (failures.Count > 0)
        {
            await Console.Out.WriteLineAsync($"\n- the first that failed: {failures[0]}");
        }

        Task WriteAsync(double second) => Console.Out.WriteLineAsync(string.Create(
            CultureInfo.InvariantCulture, $"| {second:N0} | {string.Join(", ", owners.Now.Select(static one => one.Owners.ToString("N0", CultureInfo.InvariantCulture)))} | {answered:N0} | {failures.Count:N0} |"));
    }
}
