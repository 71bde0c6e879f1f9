using System.Text;
using Lockstep.Core.Lists;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Owner;
using Lockstep.Core.Records;
using Lockstep.Core.Time;
using Lockstep.Storage.Contract;

namespace Lockstep.Core.Tests;

/// <summary>What bounds filters and sorts of lists that no owner has.</summary>
public sealed class UnownedReadsTests
{
    private readonly FakeTime time = new();

    [Fact]
    public async Task Look_FindsNoPlaceWhileOthersHaveThem_AndIsGivenUpAfterAThirdOfTheTimeForAnAnswer()
    {
        var reads = new UnownedReads(new BucketOptions(), time);
        using var done = new ManualResetEventSlim();
        using var begun = new CountdownEvent(Math.Max(1, Environment.ProcessorCount / 2));
        var looks = Enumerable.Range(0, begun.InitialCount).Select(_ => Task.Factory.StartNew(
            () => reads.LookAsync("hostile", _ => Hold(), default).AsTask(), default, TaskCreationOptions.LongRunning, TaskScheduler.Default).Unwrap()).ToList();
        begun.Wait();

        var late = reads.LookAsync("alice", static _ => 1, default).AsTask();
        Assert.False(late.IsCompleted);
        time.Advance(TimeSpan.FromSeconds(5));
        Assert.Null(await late);

        var other = reads.LookAsync("alice", static _ => 1, default).AsTask();
        done.Set();
        Assert.Equal(1, await other);
        await Task.WhenAll(looks);

        int Hold()
        {
            begun.Signal();
            done.Wait();
            return 0;
        }
    }

    [Fact]
    public async Task Look_IsToldWhenItsTimeIsOver()
    {
        var reads = new UnownedReads(new BucketOptions { FilterTime = TimeSpan.FromSeconds(2) }, time);

        Assert.Equal(TimeSpan.FromSeconds(2), await reads.LookAsync("alice", static end => end.Left, default));
        Assert.Equal(TimeSpan.FromSeconds(5), reads.MostTime.Left);
    }

    /// <summary>Page by page no record is left out, however few are looked at in time.</summary>
    [Fact]
    public void Page_WhoseTimeIsOver_SaysHowManyWereLookedAt_AtLeastOne()
    {
        var records = Enumerable.Range(0, 5).Select(static i => new StoredRecord { Id = $"r{i}", Modified = new(100 - i), Body = Encoding.UTF8.GetBytes($$"""{"n":{{i % 2}}}""") }).ToList();
        var query = new ListQuery { Limit = 10, Fields = [new FieldFilter("n", FieldTest.Equal, "0")] };
        var (over, found, counted) = (Deadline.After(TimeSpan.Zero, time), new List<string>(), 0L);
        for (var from = 0; from < records.Count;)
        {
            var (outcome, looked) = RecordSelection.Page(records[from..], query, new ServerTimestamp(100), over, default);
            var (count, seen) = RecordSelection.Count(records[from..], query, over, default);
            Assert.Equal((1, 1), (looked, seen));
            found.AddRange(Assert.IsType<PageFound>(outcome).Records.Select(static record => record.Id));
            (from, counted) = (from + looked, counted + count);
        }

        Assert.Equal(["r0", "r2", "r4"], found);
        Assert.Equal(3, counted);
        Assert.Equal(5, RecordSelection.Page(records, query, new ServerTimestamp(100), default, default).Looked);
    }
}
