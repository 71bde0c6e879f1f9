using System.Text.Json;
using Lockstep.Testing;

namespace Lockstep.EndToEnd;

/// <summary>The server as users run it, in a process of its own.</summary>
public sealed class ServerProcess : ProgramProcess
{
    // Others number their events too.
    private const string Category = "lockstep";
    private const int ListeningEvent = 10;

    // A silo has no address but that of its health.
    private const int SiloEvent = 34;
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);
    private readonly TaskCompletionSource<Uri> listening = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private ServerProcess(
        IEnumerable<string> arguments,
        IReadOnlyDictionary<string, string>? environment,
        IEnumerable<string>? prefix = null,
        string? program = null,
        bool readsOutput = true)
        : base([.. prefix ?? [], .. ServerProgram.Command(program ?? ServerProgram.Or(Path.Combine(AppContext.BaseDirectory, "lockstep.dll"))), .. arguments], environment, readsOutput)
    {
    }

    public static Task<(ServerProcess Server, Uri Address)> StartAsync(
        TestStorage storage, IEnumerable<string>? settings = null, IEnumerable<string>? prefix = null) =>
        StartAsync(storage.Directory, settings, storage.Environment, prefix);

    public static async Task<(ServerProcess Server, Uri Address)> StartAsync(
        string directory, IEnumerable<string>? settings = null, IReadOnlyDictionary<string, string>? environment = null, IEnumerable<string>? prefix = null)
    {
        var server = Start([.. Settings(directory), .. settings ?? []], environment, prefix);
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

    /// <summary>Starts a server whose standard output nobody reads from the moment it listens, until <see cref="ReadLineAsync"/> does.</summary>
    /// <param name="storage">Its data.</param>
    /// <param name="program">The directory of the program, with its settings for logging.</param>
    public static async Task<(ServerProcess Server, Uri Address)> StartUnreadAsync(TestStorage storage, string program)
    {
        var server = new ServerProcess(WithPorts(Settings(storage.Directory), storage.Environment), storage.Environment, program: Path.Combine(program, "lockstep.dll"), readsOutput: false);
        try
        {
            while (!server.listening.Task.IsCompleted)
            {
                server.OnLine(await server.ReadLineAsync() ?? "");
            }

            return (server, await server.listening.Task);
        }
        catch
        {
            server.Dispose();
            throw;
        }
    }

    /// <summary>Of a server whose output is not read otherwise.</summary>
    /// <returns>Null at its end.</returns>
    public Task<string?> ReadLineAsync() => UnreadOutput.ReadLineAsync().WaitAsync(Deadline);

    /// <summary>Starts one without waiting for it.</summary>
    public static ServerProcess Start(IEnumerable<string> settings, IReadOnlyDictionary<string, string>? environment = null, IEnumerable<string>? prefix = null) =>
        new(["--accounts:password-iterations", "1000", .. WithPorts(settings, environment)], environment, prefix);

    private static IEnumerable<string> WithPorts(IEnumerable<string> settings, IReadOnlyDictionary<string, string>? environment)
    {
        if (environment?.ContainsKey(TestStorage.SiloPort) is true)
        {
            return settings;
        }

        var ports = FreePorts.Take(2);
        return ["--cluster:silo-port", $"{ports[0]}", "--cluster:gateway-port", $"{ports[1]}", .. settings];
    }

    /// <summary>Starts a command without waiting for its end.</summary>
    public static ServerProcess StartCommand(IEnumerable<string> arguments, IReadOnlyDictionary<string, string>? environment = null)
    {
        var run = new ServerProcess(arguments, environment);
        run.listening.Task.ContinueWith(task => task.Exception, TaskScheduler.Default).GetAwaiter();
        return run;
    }

    /// <summary>Runs a command, or a server that must not start, to its end.</summary>
    public static async Task<(int Code, string Output)> RunAsync(
        IEnumerable<string> arguments, string? input = null, IReadOnlyDictionary<string, string>? environment = null)
    {
        using var run = StartCommand(arguments, environment);
        if (input is not null)
        {
            await run.Input.WriteLineAsync(input);
        }

        run.Input.Close();
        return (await run.EndAsync(), run.Output);
    }

    private static IEnumerable<string> Settings(string directory) =>
        ["--data-directory", directory, "--urls", "http://127.0.0.1:0", "--accounts:password-iterations", "1000"];

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
            if (entry.RootElement.TryGetProperty("EventId", out var number) && number.GetInt32() is ListeningEvent or SiloEvent
                && entry.RootElement.GetProperty("Category").GetString() == Category)
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
