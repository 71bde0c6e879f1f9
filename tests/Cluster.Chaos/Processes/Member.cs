using System.Collections.Concurrent;
using System.Diagnostics;
using Lockstep.Testing;

namespace Lockstep.Cluster.Chaos.Processes;

/// <summary>
/// A place in the cluster and its supervisor: whenever the process there has ended, another one is started, as wherever
/// members are run for real.
/// </summary>
internal sealed class Member : IAsyncDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);
    private readonly Func<TimeSpan, ProgramProcess> launch;
    private readonly HttpClient http = new() { Timeout = TimeSpan.FromSeconds(5) };
    private readonly CancellationTokenSource ended = new();
    private readonly ConcurrentQueue<ProgramProcess> processes = new();
    private readonly Task supervision;
    private volatile ProgramProcess current;
    private volatile bool mayEnd;
    private volatile int starts = 1;
    private long interrupted;

    /// <param name="name">What it is called in messages.</param>
    /// <param name="url">Where it answers over HTTP.</param>
    /// <param name="launch">Starts a process whose wall clock is off by so much.</param>
    public Member(string name, Uri url, Func<TimeSpan, ProgramProcess> launch)
    {
        (Name, Url, this.launch) = (name, url, launch);
        current = launch(ClockOffset);
        processes.Enqueue(current);
        supervision = SuperviseAsync();
    }

    public string Name { get; }

    public Uri Url { get; }

    /// <summary>How far the wall clock of the next process here is ahead.</summary>
    public TimeSpan ClockOffset { get; set; }

    /// <summary>Processes that were started here.</summary>
    public int Starts => starts;

    /// <summary>Exit codes, of processes that ended without being allowed to.</summary>
    public ConcurrentQueue<int> UnexpectedEnds { get; } = new();

    /// <summary>What the processes here said, the last one last.</summary>
    public string Output => string.Join("\n--- started again ---\n", processes.Select(static process => process.Output));

    /// <summary>Connections to it may break from now until it is back.</summary>
    public void Interrupt()
    {
        mayEnd = true;
        Volatile.Write(ref interrupted, long.MaxValue);
    }

    /// <summary>It is back, for good.</summary>
    public void Continue()
    {
        mayEnd = false;
        Volatile.Write(ref interrupted, Stopwatch.GetTimestamp());
    }

    /// <summary>Whether a connection that was used since then may have been broken by the test.</summary>
    public bool WasInterruptedSince(long timestamp) => Volatile.Read(ref interrupted) >= timestamp;

    /// <summary>It may end by itself, which breaks nobody's connection: nobody but members has one to it.</summary>
    public void LetEnd() => mayEnd = true;

    public void Kill()
    {
        Interrupt();
        current.Kill();
    }

    public void Terminate()
    {
        LetEnd();
        current.Terminate();
    }

    public void Stop() => current.Pause();

    public void Resume() => current.Resume();

    /// <summary>The process that runs now has ended, and another one runs.</summary>
    public Task StartedAgainAsync(int startsBefore) => Condition.HoldsAsync(() => Task.FromResult(starts > startsBefore), $"{Name} is started again");

    /// <summary>It says that it can take requests, or for a silo that it is a member.</summary>
    public async Task ReadyAsync()
    {
        await Condition.HoldsAsync(IsReadyAsync, $"{Name} is ready");
        Continue();
    }

    public async Task<bool> IsReadyAsync()
    {
        try
        {
            using var answer = await http.GetAsync(new Uri(Url, "/health/ready"));
            return answer.IsSuccessStatusCode;
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException)
        {
            return false;
        }
    }

    public async ValueTask DisposeAsync()
    {
        // The supervisor ends what it is just starting.
        await ended.CancelAsync();
        current.Kill();
        await supervision;
        foreach (var process in processes)
        {
            process.Dispose();
        }

        http.Dispose();
        ended.Dispose();
    }

    private async Task SuperviseAsync()
    {
        while (true)
        {
            var code = await current.EndedAsync();
            FakeClock.CleanUp(current.Id);
            if (ended.IsCancellationRequested)
            {
                return;
            }

            if (!mayEnd)
            {
                UnexpectedEnds.Enqueue(code);
            }

            try
            {
                await RealTime.PassAsync(Pause, ended.Token);
            }
            catch (OperationCanceledException)
            {
                return;
            }

            current = launch(ClockOffset);
            processes.Enqueue(current);
            starts++;
            if (ended.IsCancellationRequested)
            {
                current.Kill();
            }
        }
    }
}
