using System.Globalization;
using System.Runtime.InteropServices;

namespace Lockstep.Silo.Hosting;

/// <summary>
/// SIGHUP, by which services are told to take over their settings. These are read at the start: so the server ends as by SIGTERM, and whoever watches it (<c>Restart=always</c> in a unit of systemd) starts it
/// anew. Without this the signal would cut off what is being answered.
/// </summary>
internal static class Reload
{
    private const string Status = "/proc/self/status";
    private const string Ignored = "SigIgn:";

    /// <param name="app">Ends by the signal. One that was started with the signal ignored (nohup) goes on ignoring it.</param>
    /// <returns>Undoes it.</returns>
    public static IDisposable? By(WebApplication app) => OperatingSystem.IsWindows() || IsIgnored()
        ? null
        : PosixSignalRegistration.Create(PosixSignal.SIGHUP, signal =>
        {
            signal.Cancel = true;
            app.Lifetime.StopApplication();
        });

    /// <summary>The first bit of the mask is the first signal (proc_pid_status(5)).</summary>
    private static bool IsIgnored() => File.Exists(Status)
        && File.ReadLines(Status).FirstOrDefault(static line => line.StartsWith(Ignored, StringComparison.Ordinal)) is { } line
        && ulong.TryParse(line.AsSpan(Ignored.Length).Trim(), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var mask)
        && (mask & 1) != 0;
}
