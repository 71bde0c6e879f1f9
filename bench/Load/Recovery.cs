using System.Globalization;

namespace Lockstep.Bench;

/// <summary>How long it takes after a loss of power until users are answered again.</summary>
internal static class Recovery
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    /// <param name="arguments">As <see cref="UserPolls.Parse"/> takes them; when the power went, as <c>date +%s.%N</c> has it; how many users there are; how many are asked for, spread evenly.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public static async Task RunAsync(string[] arguments, CancellationToken cancellationToken)
    {
        var polls = UserPolls.Parse(arguments);
        var began = decimal.Parse(arguments[3], CultureInfo.InvariantCulture);
        var (all, asked) = (Number(arguments[4]), Number(arguments[5]));
        var failures = 0;

        // :: Step 1: one user until there is an answer; more would only be in the way of the start.
        while ((await polls.PollAsync([0], static _ => { }, cancellationToken)).Count > 0)
        {
            failures++;
            await Task.Delay(Pause, cancellationToken);
        }

        var first = Elapsed();

        // :: Step 2: the others, and again those who failed.
        IReadOnlyList<int> left = [.. Enumerable.Range(0, asked).Select(index => (int)((long)index * all / asked))];
        while (left.Count > 0)
        {
            left = [.. (await polls.PollAsync(left, static _ => { }, cancellationToken)).Select(static one => one.User)];
            failures += left.Count;
            await Task.Delay(left.Count > 0 ? Pause : TimeSpan.Zero, cancellationToken);
        }

        await Console.Out.WriteLineAsync(string.Create(
            CultureInfo.InvariantCulture,
            $"- first answer {first:N1} s after the loss of power, all of {asked:N0} users {Elapsed():N1} s after it; {failures:N0} requests failed meanwhile"));

        decimal Elapsed() => (TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds() / 1000m) - began;
    }

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);
}
