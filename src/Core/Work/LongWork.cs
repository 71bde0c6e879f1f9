using System.Collections.Concurrent;
using System.Runtime.InteropServices;

namespace Lockstep.Core.Work;

/// <summary>
/// Work that keeps a core busy for long: a hash of a password, a text of megabytes. It runs on a thread of its own.
/// <list type="number">
/// <item>Threads that serve requests never run it, so nothing that lies on their queues waits for it.</item>
/// <item>On Linux its thread has a lower priority than those that serve requests: if all cores are busy, these go first. Elsewhere it has the same.</item>
/// <item>No other thread gets that priority. A thread has the priority of the one that started it, and whatever completes a task may start one of the pool: so these threads complete none.</item>
/// </list>
/// How much of it runs at once is up to the caller.
/// </summary>
public static class LongWork
{
    // Of nice(2), which is a thread's own on Linux. It gets a third of the time that a thread of priority 0 gets beside it, so that it still ends when the others are always busy.
    private const int Niceness = 5;
    private const int OneThread = 0;

    private static readonly BlockingCollection<Action> Completions = StartCompleting();

    /// <param name="name">Of the thread.</param>
    /// <param name="work">What to do. It starts no threads or tasks and completes none, unless <paramref name="givesWay"/> is false.</param>
    /// <param name="givesWay">Whether it has the lower priority.</param>
    /// <returns>What <paramref name="work"/> returns or throws.</returns>
    public static Task<T> RunAsync<T>(string name, Func<T> work, bool givesWay = true)
    {
        var ended = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);

        // Here: where it is first asked for, its thread is started.
        var completions = Completions;
        new Thread(() =>
        {
            if (givesWay)
            {
                GiveWay();
            }

            try
            {
                var result = work();
                completions.Add(() => ended.SetResult(result));
            }
            catch (Exception e)
            {
                completions.Add(() => ended.SetException(e));
            }
        })
        {
            IsBackground = true,
            Name = name,
        }.Start();
        return ended.Task;
    }

    private static BlockingCollection<Action> StartCompleting()
    {
        var completions = new BlockingCollection<Action>();
        new Thread(() =>
        {
            foreach (var complete in completions.GetConsumingEnumerable())
            {
                complete();
            }
        })
        {
            IsBackground = true,
            Name = "long-work-completions",
        }.Start();
        return completions;
    }

    /// <summary>Where it is refused, the work is done all the same.</summary>
    private static void GiveWay()
    {
        if (OperatingSystem.IsLinux())
        {
            _ = SetPriority(OneThread, 0, Niceness);
        }
    }

    [DllImport("libc", EntryPoint = "setpriority")]
    private static extern int SetPriority(int which, uint who, int priority);
}
