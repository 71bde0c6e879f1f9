using Lockstep.Core.Work;

namespace Lockstep.Core.Tests;

public sealed class LongWorkTests
{
    [Fact]
    public async Task Work_RunsOnAThreadOfItsOwn_ThatOthersGoBefore()
    {
        var others = Niceness();
        var (isOfThePool, name, niceness) = await LongWork.RunAsync("long", static () => (Thread.CurrentThread.IsThreadPoolThread, Thread.CurrentThread.Name, Niceness()));

        Assert.False(isOfThePool);
        Assert.Equal("long", name);
        Assert.True(!OperatingSystem.IsLinux() || niceness > others, $"{niceness} beside {others}");
    }

    /// <summary>Whatever goes on from there may start threads of the pool, and these keep the priority of whoever started them.</summary>
    [Fact]
    public async Task Work_ThatHasEnded_LeavesNoOtherThreadItsPriority()
    {
        var others = Niceness();
        for (var i = 0; i < 20; i++)
        {
            await Task.WhenAll(Enumerable.Range(0, 8).Select(async _ =>
            {
                await LongWork.RunAsync("long", static () => true);
                Assert.Equal(others, Niceness());
            }));
        }
    }

    [Fact]
    public Task Work_ThatFails_ThrowsWhatItThrew() =>
        Assert.ThrowsAsync<InvalidDataException>(static () => LongWork.RunAsync<int>("long", static () => throw new InvalidDataException()));

    /// <summary>Of the thread that asks: the 19th field of proc_pid_stat(5), the 17th behind the name.</summary>
    private static int Niceness()
    {
        if (!OperatingSystem.IsLinux())
        {
            return 0;
        }

        var stat = File.ReadAllText("/proc/thread-self/stat");
        return int.Parse(stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[16], System.Globalization.CultureInfo.InvariantCulture);
    }
}
