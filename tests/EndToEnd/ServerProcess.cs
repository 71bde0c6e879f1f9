using System.Text.Json;
using Lockstep.Testing;

namespace Lockstep.EndToEnd;

/// <summary>The server as users run it, in a process of its own.</summary>
public sealed class ServerProcess : ProgramProcess
{
    private const int ListeningEvent = 10;
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);
    private readonly TaskCompletionSource<Uri> listening = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private ServerProcess(IEnumerable<string> arguments, IReadOnlyDictionary<string, string>? environment, IEnumerable<string>? prefix = null)
        : base([.. prefix ?? [], "dotnet", Path.Combine(AppContext.BaseDirectory, "lockstep.dll"), .. arguments], environment)
    {
    }

    public static Task<(ServerProcess Server, Uri Address)> StartAsync(
        TestStorage storage, IEnumerable<string>? settings = null, IEnumerable<string>? prefix = null) =>
        StartAsync(storage.Directory, settings, storage.Environment, prefix);

    public static async Task<(ServerProcess Server, Uri Address)> StartAsync(
        string directory, IEnumerable<string>? settings = null, IReadOnlyDictionary<string, string>? environment = null, IEnumerable<string>? prefix = null)
    {
        var server = Start(["--data-directory", directory, "--urls", "http://127.0.0.1:0", .. settings ?? []], environment, prefix);
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

    /// <summary>Starts one without waiting for it.</summary>
    public static ServerProcess Start(IEnumerable<string> settings, IReadOnlyDictionary<string, string>? environment = null, IEnumerable<string>? prefix = null)
    {
        if (environment?.ContainsKey(TestStorage.SiloPort) is not true)
        {
            var ports = FreePorts.Take(2);
            settings = ["--cluster:silo-port", $"{ports[0]}", "--cluster:gateway-port", $"{ports[1]}", .. settings];
        }

        return new ServerProcess(["--accounts:password-iterations", "1000", .. settings], environment, prefix);
    }

    /// <summary>Runs a command, or a server that must not start, to its end.</summary>
    public static async Task<(int Code, string Output)> RunAsync(
        IEnumerable<string> arguments, string? input = null, IReadOnlyDictionary<string, string>? environment = null)
    {
        using var run = new ServerProcess(arguments, environment);
        run.listening.Task.ContinueWith(task => task.Exception, TaskScheduler.Default).GetAwaiter();
        if (input is not null)
        {
            await run.Input.WriteLineAsync(input);
        }

        run.Input.Close();
        return (await run.EndAsync(), run.Output);
    }

    protected override void OnEnded() => listening.TrySetException(new InvalidOperationException($"The server ended:\n{Output}"));

    protected override void OnLine(string line)
    {
        if (!line.StartsWith('{'))
        {
            return;
        }

        try
        {
            using var entry = JsonDocument.Parse(line);
            if (entry.RootElement.GetProperty("EventId").GetInt32() == ListeningEvent)
            {
                listening.TrySetResult(new Uri(entry.RootElement.GetProperty("State").GetProperty("Address").GetString()!));
            }
        }
        catch (JsonException)
        {
            // A killed process ends in the middle of a line.
        }
    }
}
