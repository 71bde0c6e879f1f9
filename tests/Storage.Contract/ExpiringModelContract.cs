using CsCheck;
using Lockstep.Core.Buckets;
using Lockstep.Core.Lists;
using Lockstep.Core.Operations;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;
using Xunit;
using Xunit.Abstractions;

namespace Lockstep.Storage.Contract;

/// <summary>
/// Random histories of a bucket whose records expire and leave no tombstones, each answer compared with the model's: merges,
/// uploads, deletions, pages in every order, counts and bytes, a quota. The clock jumps, owners are evicted, what has expired is
/// swept now and then, commits are not executed. A history that fails is told with the seed that makes it again: <c>CsCheck_Seed</c>.
/// </summary>
public abstract class ExpiringModelContract(ITestOutputHelper output)
{
    private const int LongestHistory = 100;

    private static readonly Gen<string> Collection = Gen.OneOf("a", "b");
    private static readonly Gen<string> Id = Gen.OneOf("r1", "r2", "r3", "r4", "r5", "r6");

    private static readonly Gen<RecordChange> Change = Gen.Select(
        Id, Gen.Int[0, 12].Nullable(0.3), Gen.Int[-2, 2].Nullable(0.5), Gen.OneOf(0, 1, 60, 86_400).Nullable(0.5),
        static (id, size, weight, lifetime) => new RecordChange(id)
        {

            // A null of an array would become an empty body.
            Body = size is { } bytes ? Enumerable.Repeat((byte)'x', bytes).ToArray() : default(ReadOnlyMemory<byte>?),
            SortIndex = weight,
            Lifetime = lifetime,
        });

    private static readonly Gen<RecordChange[]> Changes = Change.Array[0, 4];

    private static readonly Gen<Func<ExpiringModelRun, Task>> Step = Gen.Frequency<Func<ExpiringModelRun, Task>>(
        (8, Gen.Select(Collection, Changes, Gen.Bool, Gen.Bool).Select<(string List, RecordChange[] Changes, bool HasQuota, bool IsConditional), Func<ExpiringModelRun, Task>>(
            static step => run => run.MergeAsync(step.List, step.Changes, step.HasQuota, step.IsConditional))),
        (2, Gen.Select(Collection, Changes, Gen.Bool).Select<(string List, RecordChange[] Changes, bool Opens), Func<ExpiringModelRun, Task>>(
            static step => run => run.StageAsync(step.List, step.Changes, step.Opens))),
        (2, Gen.Select(Collection, Changes).Select<(string List, RecordChange[] Changes), Func<ExpiringModelRun, Task>>(
            static step => run => run.CommitUploadAsync(step.List, step.Changes))),
        (2, Gen.Select(Collection, Id).Select<(string List, string Id), Func<ExpiringModelRun, Task>>(static step => run => run.DeleteAsync(step.List, step.Id))),
        (1, Gen.Select(Collection, Id.Array[0, 3]).Select<(string List, string[] Ids), Func<ExpiringModelRun, Task>>(static step => run => run.DeleteManyAsync(step.List, step.Ids))),
        (1, Collection.Select<string, Func<ExpiringModelRun, Task>>(static list => run => run.DeleteListAsync(list))),
        (1, Gen.Int[0, 20].Select<int, Func<ExpiringModelRun, Task>>(static which => run => which == 0 ? run.DeleteAllAsync() : Task.CompletedTask)),
        (3, Gen.Select(Collection, Id).Select<(string List, string Id), Func<ExpiringModelRun, Task>>(static step => run => run.ReadAsync(step.List, step.Id))),
        (4, Gen.Select(Collection, Gen.Int[0, 2], Gen.Int[1, 3], Gen.Int[0, 3]).Select<(string List, int Order, int Limit, int Newer), Func<ExpiringModelRun, Task>>(
            static step => run => run.PagesAsync(step.List, step.Order, step.Limit, step.Newer))),
        (3, Gen.Bool.Select<bool, Func<ExpiringModelRun, Task>>(static exact => run => run.ListsAsync(exact))),
        (3, Gen.OneOf(1, 500, 1_000, 61_000, 7_200_000).Select<int, Func<ExpiringModelRun, Task>>(static by => run => run.PassAsync(by))),
        (1, Gen.Int[-5_000, 5_000].Select<int, Func<ExpiringModelRun, Task>>(static by => run => run.JumpAsync(by))),
        (1, Gen.Const<Func<ExpiringModelRun, Task>>(static run => run.EvictAsync())),
        (1, Gen.Const<Func<ExpiringModelRun, Task>>(static run => run.SweepAsync())),
        (1, Gen.Const<Func<ExpiringModelRun, Task>>(static run => run.FailNextAsync())));

    protected abstract IBucketStore Store { get; }

    [Fact]
    public async Task RandomOperations_OnRecordsThatExpire_AnswerWhatTheModelSays()
    {
        var (runs, expired, merged) = (0, 0, 0);
        await Step.Array[1, LongestHistory].SampleAsync(
            async history =>
            {
                using var run = new ExpiringModelRun(Store);
                foreach (var step in history)
                {
                    await step(run);
                }

                await run.ListsAsync(exact: true);
                Interlocked.Increment(ref runs);
                Interlocked.Add(ref expired, run.SeenExpired);
                Interlocked.Add(ref merged, run.Merged);
            },
            print: static history => $"{history.Length} steps, which are listed below.");

        output.WriteLine($"{runs} histories, {merged} records merged, {expired} seen to be absent because they had expired");
        Assert.True(merged > runs, $"Only {merged} records were merged in {runs} histories.");
        Assert.True(expired > runs, $"Only {expired} records had expired in {runs} histories.");
    }
}
