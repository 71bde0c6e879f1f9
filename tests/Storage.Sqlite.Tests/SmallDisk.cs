using System.Diagnostics;

namespace Lockstep.Storage.Sqlite.Tests;

/// <summary>A disk of a few megabytes that somebody else can fill to the last byte. It takes the right to mount one.</summary>
internal sealed class SmallDisk : IDisposable
{
    private SmallDisk(string path) => Path = path;

    /// <summary>Why there can be none; null when there can.</summary>
    public static string? Missing { get; } = WhyNone();

    public string Path { get; }

    private string Filler => System.IO.Path.Combine(Path, "filler");

    public static SmallDisk Mount()
    {
        var path = Directory.CreateTempSubdirectory("lockstep-disk-").FullName;
        if (Run("mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", path) is { } problem)
        {
            Directory.Delete(path);
            throw new InvalidOperationException(problem);
        }

        return new SmallDisk(path);
    }

    /// <summary>Leaves no byte free.</summary>
    public void Fill()
    {
        using var filler = new FileStream(Filler, FileMode.Append, FileAccess.Write, FileShare.None, bufferSize: 0);
        for (var size = 1 << 16; size > 0; size /= 2)
        {
            try
            {
                while (true)
                {
                    filler.Write(new byte[size]);
                }
            }
            catch (IOException)
            {
                // So much does not fit any more.
            }
        }
    }

    public void MakeRoom() => File.Delete(Filler);

    public void Dispose()
    {
        Run("umount", Path);
        Directory.Delete(Path);
    }

    private static string? WhyNone()
    {
        try
        {
            Mount().Dispose();
            return null;
        }
        catch (Exception e) when (e is InvalidOperationException or System.ComponentModel.Win32Exception)
        {
            return $"no small disk can be mounted: {e.Message}";
        }
    }

    private static string? Run(string program, params IReadOnlyList<string> arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true, UseShellExecute = false })!;
        var problem = process.StandardError.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? null : problem;
    }
}
