using Lockstep.EndToEnd;
using Lockstep.Testing;

namespace Lockstep.Hostile;

/// <summary>The server as users run it, open to all and with hashes as they are by default: one process, or a silo with a gateway.</summary>
internal sealed class Servers : IDisposable
{
    private static readonly string[] Settings = ["--accounts:password-iterations", "210000", "--accounts:registration", "open"];

    // Not for another build, which may know none of it.
    private static readonly string[] Own =
        [
            .. Settings, "--kinto:history:enabled", "true", "--kinto:history:by-default", "false", "--kinto:schemas:enabled", "true",
            "--buckets:quotas:overrides:1:bucket", KeepingAbuse.FullBucket, "--buckets:quotas:overrides:1:bytes", "1000000",
            "--firefox-accounts:mode", "on", "--firefox-accounts:key", new string('k', 64), "--accounts:max-registrations-per-hour", "1000000",
        ];

    private readonly IReadOnlyList<ProgramProcess> processes;

    private Servers(Uri address, params IReadOnlyList<ProgramProcess> processes) => (Address, this.processes) = (address, processes);

    /// <summary>Where clients come in.</summary>
    public Uri Address { get; }

    public IEnumerable<int> Ids => processes.Select(static process => process.Id);

    public string Output => string.Concat(processes.Select(static process => process.Output));

    public static async Task<Servers> StartAsync(TestStorage storage)
    {
        if (RunSettings.Program is { } directory)
        {
            return await StartOtherAsync(storage, directory);
        }

        if (!RunSettings.IsCluster)
        {
            var (server, alone) = await ServerProcess.StartAsync(storage, Own);
            return new Servers(alone, server);
        }

        var (silo, _) = await ServerProcess.StartAsync(storage, [.. Own, "--role", "silo"]);
        try
        {
            var (gateway, address) = await ServerProcess.StartAsync(storage.Directory, [.. Own, "--role", "gateway"], storage.EnvironmentOfAnother());
            return new Servers(address, gateway, silo);
        }
        catch
        {
            silo.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        foreach (var process in processes)
        {
            process.Dispose();
        }
    }

    // The other build says no more about itself than whether it is ready.
    private static async Task<Servers> StartOtherAsync(TestStorage storage, string directory)
    {
        var ports = FreePorts.Take(3);
        var address = new Uri($"http://127.0.0.1:{ports[0]}");
        var server = new ProgramProcess(
            [
                "dotnet", Path.Combine(directory, "lockstep.dll"), "--data-directory", storage.Directory, "--urls", $"{address}",
                "--cluster:silo-port", $"{ports[1]}", "--cluster:gateway-port", $"{ports[2]}", .. Settings,
            ],
            storage.Environment);
        await server.SaysAsync("\"EventId\":10,\"LogLevel\":\"Information\"");
        return new Servers(address, server);
    }
}
