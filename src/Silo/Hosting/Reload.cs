using System.Globalization;
using System.Runtime.InteropServices;

namespace Lockstep.Silo.Hosting;

/// <summary>
/// Handles SIGHUP, which tells a service to read its settings again. These are read at the start, so the server stops as by SIGTERM, and its supervisor
/// (<c>Restart=always</c> in a unit of systemd) starts it again. Without this, the signal would cut off requests that are being answered.
/// </summary>
internal static class Reload
{
    private const string Status = "/proc/self/status";
    private const string Ignored = "SigIgn:";

    /// <param name="app">Stops by the signal. A program that was started with the signal ignored (nohup) continues to ignore it.</param>
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
