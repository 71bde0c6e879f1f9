using Lockstep.EndToEnd;
using Lockstep.Testing;

namespace Lockstep.Hostile;

/// <summary>The server as users run it, open to all and with hashes as they are by default.</summary>
internal static class Servers
{
    private static readonly string[] Settings = ["--accounts:password-iterations", "210000", "--accounts:registration", "open"];

    public static async Task<(ProgramProcess Server, Uri Address)> StartAsync(TestStorage storage)
    {
        if (RunSettings.Program is not { } directory)
        {
            return await ServerProcess.StartAsync(storage, Settings);
        }

        // The other build says no more about itself than whether it is ready.
        var ports = FreePorts.Take(3);
        var address = new Uri($"http://127.0.0.1:{ports[0]}");
        var server = new ProgramProcess(
            [
                "dotnet", Path.Combine(directory, "lockstep.dll"), "--data-directory", storage.Directory, "--urls", $"{address}",
                "--cluster:silo-port", $"{ports[1]}", "--cluster:gateway-port", $"{ports[2]}", .. Settings,
            ],
            storage.Environment);
        await server.SaysAsync("\"EventId\":10,");
        return (server, address);
    }
}
