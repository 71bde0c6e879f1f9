using System.Diagnostics;
using MySqlConnector;

namespace Lockstep.EndToEnd.ServerFull;

/// <summary>A MariaDB server of a test's own, made by <c>tests/mariadb</c>.</summary>
internal sealed class OwnMariaDb : IAsyncDisposable
{
    private readonly string directory = Directory.CreateTempSubdirectory("lockstep-mariadb-").FullName;

    private OwnMariaDb()
    {
    }

    /// <summary>Null where there is one to start; else why not.</summary>
    public static string? Missing { get; } = ((string[])["/usr/sbin/mariadbd", "/usr/local/sbin/mariadbd", "/usr/bin/mariadbd"]).Any(File.Exists) ? null : "MariaDB is not here (Debian: apt-get install mariadb-server)";

    public string Socket { get; private set; } = "";

    public string Password => File.ReadAllText(Path.Combine(directory, "password"));

    /// <summary>As <c>sqluri</c> of a <c>sync.conf</c> has it.</summary>
    public string Uri => $"mysql://sync:{Password}@localhost:3306/sync?unix_socket={Socket}";

    public static async Task<OwnMariaDb> StartAsync()
    {
        var server = new OwnMariaDb();
        server.Socket = (await server.RunAsync("start")).Trim();
        return server;
    }

    public MySqlConnection Connect() =>
        new(new MySqlConnectionStringBuilder { Server = Socket, ConnectionProtocol = MySqlConnectionProtocol.UnixSocket, UserID = "sync", Password = Password, Database = "sync", Pooling = false }.ToString());

    public async ValueTask DisposeAsync()
    {
        await RunAsync("stop");
        Directory.Delete(directory, recursive: true);
    }

    private async Task<string> RunAsync(string verb)
    {
        var above = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(above.FullName, "tests", "mariadb")))
        {
            above = above.Parent ?? throw new InvalidOperationException("tests/mariadb is not above the tests.");
        }

        var start = new ProcessStartInfo("bash", [Path.Combine(above.FullName, "tests", "mariadb"), verb, directory]) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return process.ExitCode == 0 ? output : throw new InvalidOperationException($"tests/mariadb {verb}: {await errors}");
    }
}
