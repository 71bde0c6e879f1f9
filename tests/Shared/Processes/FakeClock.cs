namespace Lockstep.Testing;

/// <summary>
/// A wall clock that is off, by Debian's libfaketime. The monotonic clock stays what it is: that one is the machine's, and no
/// two processes see it apart. The library is preloaded here rather than by its program, which would be a process in between.
/// </summary>
internal static class FakeClock
{
    private static readonly string? Library = !Directory.Exists("/usr/lib") ? null
        : Directory.EnumerateDirectories("/usr/lib").Select(static directory => Path.Combine(directory, "faketime", "libfaketimeMT.so.1")).FirstOrDefault(File.Exists);

    /// <summary>Null when wall clocks can be set apart here; else why not.</summary>
    public static string? Missing => Library is null ? "libfaketime is not here (Debian: apt-get install faketime)" : null;

    /// <returns>
    /// What stands in front of a command line. Not in the environment of all of it: a program that only starts another one
    /// must not make what the library shares with its children.
    /// </returns>
    public static IReadOnlyList<string> Command(TimeSpan offset) => offset == TimeSpan.Zero ? [] : Command($"FAKETIME={Text(offset)}");

    /// <param name="file">Says how far the clock is ahead, and may be written anew at any time; see <see cref="Set"/>.</param>
    public static IReadOnlyList<string> Command(FileInfo file) => Command($"FAKETIME_TIMESTAMP_FILE={file.FullName}", "FAKETIME_NO_CACHE=1");

    /// <summary>Moves the clock of processes that look into this file.</summary>
    public static void Set(FileInfo file, TimeSpan offset)
    {
        // Whole at any time: it is read whenever a process asks for the time.
        var whole = file.FullName + ".new";
        File.WriteAllText(whole, Text(offset));
        File.Move(whole, file.FullName, overwrite: true);
    }

    private static IReadOnlyList<string> Command(params string[] settings) =>
        ["env", $"LD_PRELOAD={Library ?? throw new InvalidOperationException(Missing)}", .. settings, "FAKETIME_DONT_FAKE_MONOTONIC=1", "DONT_FAKE_MONOTONIC=1"];

    private static string Text(TimeSpan offset) => $"{(offset < TimeSpan.Zero ? "" : "+")}{(long)offset.TotalSeconds}";

    /// <summary>Removes what the library shared between a process and its children, when a process was killed and could not.</summary>
    public static void CleanUp(int process)
    {
        if (Library is null)
        {
            return;
        }

        foreach (var file in (string[])[$"/dev/shm/faketime_shm_{process}", $"/dev/shm/sem.faketime_sem_{process}"])
        {
            File.Delete(file);
        }
    }
}
