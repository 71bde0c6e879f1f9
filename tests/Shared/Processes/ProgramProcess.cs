using System.Collections.Concurrent;
using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Lockstep.Testing;

/// <summary>A program as users run it, in a process of its own. Disposing it ends it.</summary>
public partial class ProgramProcess : IDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);
    private readonly Process process;
    private readonly ConcurrentQueue<string> output = new();
    private readonly ConcurrentQueue<(string Text, TaskCompletionSource Said)> awaited = new();

    /// <param name="command">The program and its arguments.</param>
    /// <param name="environment">What it is told besides. Settings of whoever runs the tests are not passed on.</param>
    /// <param name="readsOutput">Whether its standard output is read, and not left to fill its pipe.</param>
    public ProgramProcess(IReadOnlyList<string> command, IReadOnlyDictionary<string, string>? environment = null, bool readsOutput = true)
    {
        var start = new ProcessStartInfo(command[0], command.Skip(1))
        {
            RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true, UseShellExecute = false,
        };
        foreach (var name in start.Environment.Keys.Where(static name => name.StartsWith("LOCKSTEP_", StringComparison.OrdinalIgnoreCase)).ToList())
        {
            start.Environment.Remove(name);
        }

        foreach (var (name, value) in environment ?? new Dictionary<string, string>())
        {
            start.Environment[name] = value;
        }

        process = new Process { StartInfo = start, EnableRaisingEvents = true };
        process.OutputDataReceived += (_, line) => Read(line.Data);
        process.ErrorDataReceived += (_, line) => Read(line.Data);
        process.Exited += (_, _) => OnEnded();
        process.Start();
        if (readsOutput)
        {
            process.BeginOutputReadLine();
        }

        process.BeginErrorReadLine();
    }

    public string Output => string.Join('\n', output);

    public int Id => process.Id;

    /// <summary>What the program reads.</summary>
    public StreamWriter Input => process.StandardInput;

    /// <summary>For whoever reads it instead.</summary>
    protected StreamReader UnreadOutput => process.StandardOutput;

    /// <summary>Ends when a line with this text was written, at once if one was; with a <see cref="TimeoutException"/> when that takes a minute.</summary>
    public async Task SaysAsync(string text)
    {
        var said = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        awaited.Enqueue((text, said));
        if (Output.Contains(text, StringComparison.Ordinal))
        {
            return;
        }

        await said.Task.WaitAsync(Deadline);
    }

    public void Kill() => process.Kill();

    /// <summary>SIGTERM.</summary>
    public void Terminate() => Send(15);

    /// <summary>SIGHUP.</summary>
    public void HangUp() => Send(1);

    /// <summary>SIGSTOP: it stands still, with all its connections open.</summary>
    public void Pause()
    {
        Send(19);

        // A thread on another core stops a moment later, and could begin with what is sent to it now.
        if (!SpinWait.SpinUntil(() => Directory.GetDirectories($"/proc/{process.Id}/task").All(static thread => StateOf(thread) is 'T' or 'Z'), Deadline))
        {
            throw new TimeoutException($"Process {process.Id} does not stand still.");
        }
    }

    /// <summary>SIGCONT.</summary>
    public void Resume() => Send(18);

    /// <returns>The exit code.</returns>
    public async Task<int> EndAsync()
    {
        await process.WaitForExitAsync().WaitAsync(Deadline);
        process.WaitForExit();
        return process.ExitCode;
    }

    /// <returns>The exit code, however long it takes.</returns>
    public async Task<int> EndedAsync()
    {
        await process.WaitForExitAsync();
        return process.ExitCode;
    }

    public void Dispose()
    {
        if (!process.HasExited)
        {
            process.Kill();
            process.WaitForExit();
        }

        process.Dispose();
    }

    protected virtual void OnLine(string line)
    {
    }

    protected virtual void OnEnded()
    {
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int SendSignal(int process, int signal);

    /// <returns>The letter behind the name, which is in parentheses (proc_pid_stat(5)); of a thread that has ended meanwhile, Z.</returns>
    private static char StateOf(string thread)
    {
        try
        {
            var stat = File.ReadAllText(Path.Combine(thread, "stat"));
            return stat[stat.LastIndexOf(')') + 2];
        }
        catch (IOException)
        {
            return 'Z';
        }
    }

    private void Send(int signal)
    {
        if (SendSignal(process.Id, signal) != 0)
        {
            throw new InvalidOperationException($"Signal {signal} did not reach process {process.Id}: {Marshal.GetLastPInvokeErrorMessage()}.");
        }
    }

    private void Read(string? line)
    {
        if (line is not null)
        {
            output.Enqueue(line);
            foreach (var (_, said) in awaited.Where(one => line.Contains(one.Text, StringComparison.Ordinal)))
            {
                said.TrySetResult();
            }

            OnLine(line);
        }
    }
}
