using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Lockstep.Storage.PostgreSql.Testing;
using Lockstep.Testing;
using Npgsql;

namespace Lockstep.EndToEnd;

/// <summary>Backups that are made beside a server, as docs/operations/backup.md says, and servers on what was restored from them.</summary>
public sealed class BackupTests : IAsyncLifetime
{
    private const int Photos = 5;

    private readonly TemporaryDirectory place = new();
    private TestStorage storage = null!;

    public async Task InitializeAsync() => storage = await TestStorage.CreateAsync();

    public async Task DisposeAsync()
    {
        place.Dispose();
        await storage.DisposeAsync();
    }

    [SqliteFact("PostgreSQL has tools for its own.")]
    public async Task Backup_BesideAServerThatIsWrittenTo_HasAllThatWasAcknowledgedBefore_WithFiles_AndIsADirectoryOfDataItself()
    {
        var (backup, files) = (Path.Combine(place.Path, "backup"), Path.Combine(storage.Directory, "files"));
        var photo = Enumerable.Range(0, 600_000).Select(static i => (byte)(i * 7)).ToArray();
        Dictionary<string, long> before;
        var acknowledged = 0;
        var (server, address) = await ServerProcess.StartAsync(storage, ["--kinto:attachments:directory", files]);
        using (server)
        {
            using var alice = new Device(address, "alice", "s3cr3t");
            await alice.RegisterAsync("alice", "s3cr3t");
            for (var i = 0; i < Photos; i++)
            {
                await UploadAsync(address, $"photo{i}", photo);
            }

            before = (await alice.ListAsync()).Records;
            using var stop = new CancellationTokenSource();
            var writing = Task.Run(async () =>
            {
                for (; !stop.IsCancellationRequested; acknowledged++)
                {
                    Assert.Equal(HttpStatusCode.Created, (await alice.PutAsync($"later{acknowledged}")).Status);
                }
            });

            var (code, output) = await CommandAsync("backup", backup, "--kinto:attachments:directory", files);

            await stop.CancelAsync();
            await writing;
            Assert.True(code == 0, output);
            Assert.Contains("Done: ", output, StringComparison.Ordinal);
            Assert.Contains($"With them {Photos} files", output, StringComparison.Ordinal);

            // :: Not over what is there
            Assert.Equal(1, (await CommandAsync("backup", backup)).Code);
            Assert.Equal(1, (await CommandAsync("backup", Path.Combine(backup, "lockstep.db"))).Code);
            Assert.Equal(2, (await CommandAsync("backup")).Code);
            server.Terminate();
            Assert.Equal(0, await server.EndAsync());
        }

        Assert.True(OperatingSystem.IsWindows() || File.GetUnixFileMode(Path.Combine(backup, "lockstep.db")) == (UnixFileMode.UserRead | UnixFileMode.UserWrite));
        Assert.Equal(["attachments", "lockstep.db"], Directory.EnumerateFileSystemEntries(backup).Select(Path.GetFileName).Order(StringComparer.Ordinal));

        // :: A server on the backup
        string[] settings = ["--kinto:attachments:directory", Path.Combine(backup, "attachments")];
        var (sound, said) = await RunAsync(["check", "--data-directory", backup, .. settings]);
        Assert.True(sound == 0, said);
        var (restored, there) = await ServerProcess.StartAsync(backup, settings, storage.Environment);
        using (restored)
        {
            using var alice = new Device(there, "alice", "s3cr3t");
            var records = (await alice.ListAsync()).Records;
            Assert.All(before, record => Assert.Equal(record.Value, records[record.Key]));

            // One writer: what came later is there up to one of them, and nothing else.
            var later = records.Keys.Except(before.Keys).ToHashSet();
            Assert.Equal(Enumerable.Range(0, later.Count).Select(static i => $"later{i}").Order(StringComparer.Ordinal), later.Order(StringComparer.Ordinal));
            Assert.InRange(later.Count, 0, acknowledged);
            for (var i = 0; i < Photos; i++)
            {
                Assert.Equal(photo, await DownloadAsync(there, $"photo{i}"));
            }
        }

        // :: A file that is gone is said, by the check and by the next backup
        File.Delete(Directory.EnumerateFiles(settings[1], "*", SearchOption.AllDirectories).First());
        (sound, said) = await RunAsync(["check", "--data-directory", backup, .. settings]);
        Assert.True(sound == 1 && said.Contains("File: ", StringComparison.Ordinal), said);
        (sound, said) = await RunAsync(["backup", Path.Combine(place.Path, "next"), "--data-directory", backup, .. settings]);
        Assert.True(sound == 1 && said.Contains("that a record names is not in", StringComparison.Ordinal), said);
    }

    [SqliteFact("On PostgreSQL servers are told apart by their rows.")]
    public async Task RestoredAndRepair_BesideAServer_OrWithoutADatabase_AreRefused()
    {
        Assert.Equal(1, (await CommandAsync("restored")).Code);
        Assert.Equal(1, (await CommandAsync("check")).Code);
        Assert.Equal(1, (await CommandAsync("backup", Path.Combine(place.Path, "none"))).Code);
        var (server, _) = await ServerProcess.StartAsync(storage);
        using (server)
        {
            Assert.Contains("Another server is using", (await CommandAsync("restored")).Output, StringComparison.Ordinal);
            Assert.Contains("Another server is using", (await CommandAsync("check", "--repair")).Output, StringComparison.Ordinal);
            var (code, output) = await CommandAsync("check");
            Assert.True(code == 0 && output.Contains("nothing is wrong", StringComparison.Ordinal), output);
        }

        Assert.Equal(2, (await CommandAsync("restored", "--margin", "-1")).Code);
        Assert.Equal(2, (await CommandAsync("restored", "--database", "1")).Code);
    }

    /// <summary>The commands of docs/operations/backup.md, for each database.</summary>
    [PostgresFact("SQLite has a command.")]
    public async Task Dump_BesideAServer_RestoredIntoEmptyDatabases_AndToldToTheDevices_GoesOn()
    {
        Assert.Equal(2, (await CommandAsync("backup", Path.Combine(place.Path, "none"))).Code);
        var databases = storage.Environment.Where(static one => one.Key.StartsWith("LOCKSTEP_POSTGRES__", StringComparison.Ordinal)).OrderBy(static one => one.Key, StringComparer.Ordinal).ToList();
        long seen;
        var (server, address) = await ServerProcess.StartAsync(storage);
        using (server)
        {
            using var alice = new Device(address, "alice", "s3cr3t");
            await alice.RegisterAsync("alice", "s3cr3t");
            Assert.Equal(HttpStatusCode.Created, (await alice.PutAsync("a")).Status);
            using var enough = new CancellationTokenSource();
            var begun = new TaskCompletionSource();
            var writing = WriteAsync(alice, begun, enough.Token);
            await begun.Task;
            foreach (var (name, connection) in databases)
            {
                await ProgramAsync("pg_dump", connection, "-Fc", "-f", Path.Combine(place.Path, name));
            }

            await enough.CancelAsync();
            await writing;
            Assert.Equal(HttpStatusCode.Created, (await alice.PutAsync("b")).Status);
            seen = (await alice.ListAsync()).Stamp;
            Assert.Contains("Stop all servers first", (await CommandAsync("restored")).Output, StringComparison.Ordinal);
            server.Terminate();
            Assert.Equal(0, await server.EndAsync());
        }

        var environment = new Dictionary<string, string>(storage.Environment, StringComparer.Ordinal);
        try
        {
            foreach (var (name, connection) in databases)
            {
                environment[name] = await PostgresServer.CreateEmptyDatabaseAsync();
                await ProgramAsync("pg_restore", environment[name], "--exit-on-error", "-d", new NpgsqlConnectionStringBuilder(environment[name]).Database!, Path.Combine(place.Path, name));

                // It was dumped beside a server, whose row says that it runs. In 15 seconds that is over.
                await PostgresServer.ExecuteAsync(environment[name], "UPDATE processes SET renewed = renewed - interval '15 seconds'");
            }

            var (code, output) = await RunAsync(["restored"], environment);
            Assert.True(code == 0 && output.Contains("start over", StringComparison.Ordinal), output);
            (code, output) = await RunAsync(["check"], environment);
            Assert.True(code == 0, output);
            var (restored, there) = await ServerProcess.StartAsync(storage.Directory, environment: environment);
            using (restored)
            {
                using var alice = new Device(there, "alice", "s3cr3t");

                // As it was at one moment of the writing: up to some record everything, and nothing beyond.
                var records = (await alice.ListAsync()).Records;
                Assert.InRange(records.Count, 2, int.MaxValue);
                Assert.Equal(Enumerable.Range(0, records.Count - 1).Select(Meanwhile).Prepend("a"), records.OrderBy(static record => record.Value).Select(static record => record.Key));
                Assert.True((await alice.ListAsync()).Stamp > seen);
                Assert.Equal(HttpStatusCode.Created, (await alice.PutAsync("c")).Status);
            }
        }
        finally
        {
            await PostgresServer.DropDatabasesAsync(databases.Select(one => environment[one.Key]).Where(one => databases.All(old => old.Value != one)));
        }
    }

    private Task<(int Code, string Output)> CommandAsync(params string[] arguments) => RunAsync([.. arguments, "--data-directory", storage.Directory], storage.Environment);

    private static Task<(int Code, string Output)> RunAsync(string[] arguments, IReadOnlyDictionary<string, string>? environment = null) =>
        ServerProcess.RunAsync(arguments, environment: environment);

    private static string Meanwhile(int number) => $"meanwhile{number}";

    private static async Task WriteAsync(Device device, TaskCompletionSource begun, CancellationToken enough)
    {
        for (var i = 0; !enough.IsCancellationRequested; i++)
        {
            Assert.Equal(HttpStatusCode.Created, (await device.PutAsync(Meanwhile(i))).Status);
            begun.TrySetResult();
        }
    }

    private static async Task UploadAsync(Uri address, string record, byte[] photo)
    {
        using var http = Client(address);
        using var part = new ByteArrayContent(photo);
        part.Headers.ContentType = new MediaTypeHeaderValue("image/png");
        using var form = new MultipartFormDataContent { { part, "attachment", "photo.png" } };
        using var response = await http.PostAsync($"{Device.Records}/{record}/attachment", form);
        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync());
    }

    private static async Task<byte[]> DownloadAsync(Uri address, string record)
    {
        using var http = Client(address);
        using var body = JsonDocument.Parse(await http.GetStringAsync($"{Device.Records}/{record}"));
        var location = new Uri(body.RootElement.GetProperty("data").GetProperty("attachment").GetProperty("location").GetString()!, UriKind.RelativeOrAbsolute);
        return await http.GetByteArrayAsync(location.IsAbsoluteUri ? new Uri(location.PathAndQuery, UriKind.Relative) : location);
    }

    private static HttpClient Client(Uri address)
    {
        var http = new HttpClient { BaseAddress = address, Timeout = TimeSpan.FromMinutes(2) };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String("alice:s3cr3t"u8));
        return http;
    }

    /// <summary>One of PostgreSQL's own programs.</summary>
    private static async Task ProgramAsync(string program, string connection, params string[] arguments)
    {
        var database = new NpgsqlConnectionStringBuilder(connection);
        var start = new ProcessStartInfo(Path.Combine(await FindAsync(), program), arguments) { RedirectStandardError = true, UseShellExecute = false };
        start.Environment["PGHOST"] = database.Host;
        start.Environment["PGPORT"] = $"{database.Port}";
        start.Environment["PGUSER"] = database.Username;
        start.Environment["PGPASSWORD"] = database.Password;
        start.Environment["PGDATABASE"] = database.Database;
        await EndAsync(start);
    }

    private static async Task<string> FindAsync()
    {
        var above = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(above.FullName, "tests", "postgres")))
        {
            above = above.Parent!;
        }

        return (await EndAsync(new ProcessStartInfo("bash", [Path.Combine(above.FullName, "tests", "postgres"), "find"]) { RedirectStandardError = true, RedirectStandardOutput = true, UseShellExecute = false })).Trim();
    }

    private static async Task<string> EndAsync(ProcessStartInfo start)
    {
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = start.RedirectStandardOutput ? await process.StandardOutput.ReadToEndAsync() : "";
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, $"{start.FileName}: {await errors}");
        return output;
    }
}
