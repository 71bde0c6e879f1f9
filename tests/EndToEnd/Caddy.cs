using Lockstep.Testing;

namespace Lockstep.EndToEnd;

/// <summary>Debian's Caddy, with sites that a test says.</summary>
internal sealed class Caddy : IAsyncDisposable
{
    private readonly TemporaryDirectory directory = new();
    private readonly ProgramProcess process;

    private Caddy(string sites)
    {
        var file = Path.Combine(directory.Path, "Caddyfile");
        File.WriteAllText(file, $$"""
            {
              admin off
              auto_https off
            }

            {{sites}}
            """);
        process = new ProgramProcess(
            [Program!, "run", "--config", file, "--adapter", "caddyfile"],
            new Dictionary<string, string>(StringComparer.Ordinal) { ["HOME"] = directory.Path, ["XDG_DATA_HOME"] = directory.Path, ["XDG_CONFIG_HOME"] = directory.Path });
    }

    /// <summary>Null where there is a Caddy; else why not.</summary>
    public static string? Missing => Program is null ? "Caddy is not here (Debian: apt-get install caddy)" : null;

    private static string? Program => ((string[])["/usr/bin/caddy", "/usr/local/bin/caddy"]).FirstOrDefault(File.Exists);

    /// <summary>Starts one, which listens on a port when this returns.</summary>
    public static async Task<Caddy> StartAsync(string sites, int port)
    {
        var caddy = new Caddy(sites);
        if (!await Listening.BeginsAsync(port))
        {
            await caddy.DisposeAsync();
            throw new InvalidOperationException($"Caddy does not listen: {caddy.process.Output}");
        }

        return caddy;
    }

    public async ValueTask DisposeAsync()
    {
        process.Terminate();
        await process.EndAsync();
        process.Dispose();
        directory.Dispose();
    }
}
