using System.Diagnostics;

namespace Lockstep.Storage.PostgreSql.Testing;

/// <summary>A PostgreSQL server that a test may kill, made by <c>tests/postgres</c>.</summary>
internal sealed class OwnPostgres : IAsyncDisposable
{
    private readonly string directory = Directory.CreateTempSubdirectory("lockstep-postgres-").FullName;

    private OwnPostgres()
    {
    }

    public string Connection { get; private set; } = "";

    public static async Task<OwnPostgres> StartAsync()
    {
        var server = new OwnPostgres();
        server.Connection = (await server.RunAsync("start")).Trim();
        return server;
    }

    /// <summary>Ends it as a crash of its machine would.</summary>
    public Task KillAsync() => RunAsync("kill");

    /// <summary>Keeps it from answering, with all connections open, until it is resumed.</summary>
    public Task PauseAsync() => RunAsync("pause");

    public Task ResumeAsync() => RunAsync("resume");

    public Task RestartAsync() => RunAsync("restart");

    public async ValueTask DisposeAsync()
    {
        await RunAsync("stop");
        Directory.Delete(directory, recursive: true);
    }

    private async Task<string> RunAsync(string verb)
    {
        var script = Path.Combine(Root(), "tests", "postgres");
        var start = new ProcessStartInfo("bash", [script, verb, directory]) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return process.ExitCode == 0 ? output : throw new InvalidOperationException($"tests/postgres {verb}: {await errors}");
    }

    private static string Root()
    {
        for (var above = new DirectoryInfo(AppContext.BaseDirectory); above is not null; above = above.Parent)
        {
            if (File.Exists(Path.Combine(above.FullName, "tests", "postgres")))
            {
                return above.FullName;
            }
        }

        throw new InvalidOperationException("tests/postgres is not above the tests.");
    }
}
