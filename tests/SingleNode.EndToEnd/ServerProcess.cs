using System.Collections.Concurrent;
using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace Lockstep.SingleNode.EndToEnd;

/// <summary>The program as users run it, in a process of its own.</summary>
public sealed partial class ServerProcess : IDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);
    private readonly Process process;
    private readonly ConcurrentQueue<string> output = new();
    private readonly TaskCompletionSource<Uri> listening = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private ServerProcess(IEnumerable<string> arguments, IReadOnlyDictionary<string, string>? environment)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true, UseShellExecute = false };
        start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "Lockstep.Gateway.dll"));
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        // The settings of whoever runs the tests are not the tests' settings.
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
        process.Exited += (_, _) => listening.TrySetException(new InvalidOperationException($"The server ended:\n{Output}"));
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    public string Output => string.Join('\n', output);

    public static Task<(ServerProcess Server, Uri Address)> StartAsync(TestStorage storage, IEnumerable<string>? settings = null) =>
        StartAsync(storage.Directory, settings, storage.Environment);

    public static async Task<(ServerProcess Server, Uri Address)> StartAsync(
        string directory, IEnumerable<string>? settings = null, IReadOnlyDictionary<string, string>? environment = null)
    {
        var server = new ServerProcess(
            ["--data-directory", directory, "--urls", "http://127.0.0.1:0", "--accounts:password-iterations", "1000", .. settings ?? []], environment);
        try
        {
            return (server, await server.listening.Task.WaitAsync(Deadline));
        }
        catch
        {
            server.Dispose();
            throw;
        }
    }

    /// <summary>Runs a command, or a server that must not start, to its end.</summary>
    public static async Task<(int Code, string Output)> RunAsync(
        IEnumerable<string> arguments, string? input = null, IReadOnlyDictionary<string, string>? environment = null)
    {
        using var run = new ServerProcess(arguments, environment);
        run.listening.Task.ContinueWith(task => task.Exception, TaskScheduler.Default).GetAwaiter();
        if (input is not null)
        {
            await run.process.StandardInput.WriteLineAsync(input);
        }

        run.process.StandardInput.Close();
        return (await run.EndAsync(), run.Output);
    }

    public void Kill() => process.Kill();

    public void Terminate() => Assert.Equal(0, SendSignal(process.Id, 15));

    /// <summary>SIGSTOP: it stands still, with all its connections open.</summary>
    public void Pause() => Assert.Equal(0, SendSignal(process.Id, 19));

    /// <summary>SIGCONT.</summary>
    public void Resume() => Assert.Equal(0, SendSignal(process.Id, 18));

    /// <returns>The exit code.</returns>
    public async Task<int> EndAsync()
    {
        await process.WaitForExitAsync().WaitAsync(Deadline);
        process.WaitForExit();
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

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int SendSignal(int process, int signal);

    private void Read(string? line)
    {
        if (line is null)
        {
            return;
        }

        output.Enqueue(line);
        if (!line.StartsWith('{'))
        {
            return;
        }

        try
        {
            using var entry = JsonDocument.Parse(line);
            if (entry.RootElement.TryGetProperty("State", out var state) && state.TryGetProperty("Address", out var address))
            {
                listening.TrySetResult(new Uri(address.GetString()!));
            }
        }
        catch (JsonException)
        {
            // A killed process ends in the middle of a line.
        }
    }
}
