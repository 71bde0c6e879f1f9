using CsCheck;
using Lockstep.Core.Storage;
using Xunit;
using Xunit.Abstractions;

namespace Lockstep.Storage.Contract;

/// <summary>
/// Random histories of a bucket, each answer compared with the model's; the devices' copies must follow. The clock jumps, owners
/// are evicted, buckets and collections come and go, commits are not executed. A history that fails is made as short as the
/// remaining tries allow, and told with the seed that makes it again: <c>CsCheck_Seed</c>.
/// </summary>
public abstract class BucketModelContract(ITestOutputHelper output)
{
    protected abstract IBucketStore Store { get; }

    [Fact]
    public Task RandomOperations_AnswerWhatTheModelSays() => SampleAsync(Store, output.WriteLine);

    /// <param name="store">What the owners stand on.</param>
    /// <param name="writeLine">Takes what was done.</param>
    /// <param name="seed">Of the first history. Default: <c>CsCheck_Seed</c>, or none.</param>
    /// <param name="histories">How many. Default: <c>CsCheck_Iter</c>, or 100.</param>
    /// <exception cref="CsCheckException">An answer was not the model's.</exception>
    public static async Task SampleAsync(IBucketStore store, Action<string> writeLine, string? seed = null, long histories = -1)
    {
        var (runs, steps, synchronized, flushes) = (0, 0, 0, 0);
        await ModelSteps.History.SampleAsync(
            async history =>
            {
                using var run = new ModelRun(store);
                foreach (var step in history)
                {
                    await step(run);
                }

                Interlocked.Increment(ref runs);
                Interlocked.Add(ref steps, history.Length);
                Interlocked.Add(ref synchronized, run.Synchronized);
                Interlocked.Add(ref flushes, run.Flushes);
            },
            seed: seed,
            iter: histories,
            print: static history => $"{history.Length} steps, which are listed below.");

        writeLine($"{runs} histories, {steps} steps, {synchronized} synchronisations, {flushes} flushes noticed");
        Assert.True(synchronized > 3 * runs, $"Only {synchronized} synchronisations happened in {runs} histories.");
        Assert.True(flushes > runs / 20, $"Only {flushes} flushes were noticed in {runs} histories.");
    }
}
