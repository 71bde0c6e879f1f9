using System.Globalization;
using Lockstep.Silo.Hosting;
using Lockstep.Storage.Sqlite.Backup;
using Lockstep.Storage.Sqlite.Schema;

namespace Lockstep.Silo.Doctor;

/// <summary>Directories: whether they can be written, who can read them, and what room there is.</summary>
internal static class DiskExamination
{
    private const string Subject = "data directory";
    private const long LeastFree = 64L << 20;
    private const long LittleFree = 1L << 30;
    private const UnixFileMode OfOthers = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;

    // On these SQLite's write-ahead log does not work.
    private static readonly string[] Remote = ["nfs", "nfs4", "cifs", "smb", "smb2", "smb3", "fuse.sshfs", "9p", "ceph", "glusterfs"];

    public static IEnumerable<Diagnosis> Examine(LockstepOptions options)
    {
        if (options.Postgres.Connection is not { Length: > 0 })
        {
            foreach (var one in OfData(options))
            {
                yield return one;
            }
        }

        if (options.Kinto.Attachments.Directory is { Length: > 0 } files)
        {
            yield return Writable(Path.GetFullPath(files)) is { } fault
                ? Diagnosis.Error("attachments", $"{fault} Give the server's user the right to write to it, or set Kinto:Attachments:Directory to another one.")
                : Room("attachments", Path.GetFullPath(files), 0);
        }

        if (options.ServesAccounts && options.FirefoxAccounts.KeyFile is not null)
        {
            yield return OfKey(options);
        }
    }

    private static IEnumerable<Diagnosis> OfData(LockstepOptions options)
    {
        var path = Path.GetFullPath(options.DataDirectory);
        if (Writable(path) is { } fault)
        {
            yield return Diagnosis.Error(Subject, $"{fault} Give the server's user the right to write to it, or set DataDirectory to another one.");
            yield break;
        }

        if (!OperatingSystem.IsWindows() && Directory.Exists(path) && (File.GetUnixFileMode(path) & OfOthers) != UnixFileMode.None)
        {
            yield return Diagnosis.Warning(Subject, $"others on this machine can look into '{path}'. The database itself they cannot read; to be sure: chmod 700.");
        }

        if (Drive(path) is { } drive && Remote.Contains(drive.DriveFormat, StringComparer.OrdinalIgnoreCase))
        {
            yield return Diagnosis.Error(Subject, $"'{path}' is on a file system of the network ({drive.DriveFormat}), where SQLite's write-ahead log does not work. Use a local disk.");
        }

        var database = Path.Combine(path, "lockstep.db");
        if (!File.Exists(database))
        {
            yield return Room(Subject, path, 0);
            yield break;
        }

        var bytes = new FileInfo(database).Length;
        yield return Room(Subject, path, bytes);
        if (options.MaxDatabaseBytes > 0 && bytes > options.MaxDatabaseBytes / 10 * 9)
        {
            yield return Diagnosis.Warning(Subject, $"the database has {Text(bytes)} of the {Text(options.MaxDatabaseBytes)} of MaxDatabaseBytes. From there on writes are refused: raise it.");
        }

        yield return OfDatabase(database, bytes);
    }

    private static Diagnosis OfDatabase(string database, long bytes)
    {
        try
        {
            using var backup = SqliteBackup.Open(database);
            return Diagnosis.Ok("database", $"'{database}' can be read and has {Text(bytes)}; 'check' looks through it");
        }
        catch (SqliteSchemaException e)
        {
            return Diagnosis.Error("database", $"{e.Message} Restore a backup, or move the file away.");
        }
    }

    private static Diagnosis OfKey(LockstepOptions options)
    {
        try
        {
            _ = AccountServer.ReadKey(options);
            return Diagnosis.Ok("account key", $"'{options.FirefoxAccounts.KeyFile}' can be read by this user alone");
        }
        catch (SettingsException e)
        {
            return Diagnosis.Error("account key", e.Message);
        }
    }

    private static Diagnosis Room(string subject, string path, long needed)
    {
        if (Drive(path) is not { } drive)
        {
            return Diagnosis.Ok(subject, $"'{path}' can be written");
        }

        var free = drive.AvailableFreeSpace;
        return free < LeastFree ? Diagnosis.Error(subject, $"the disk of '{path}' has {Text(free)} left. Make room: writes are refused when there is none.")
            : free < Math.Max(LittleFree, needed) ? Diagnosis.Warning(subject, $"the disk of '{path}' has {Text(free)} left{(free < needed ? ", less than the database has" : "")}. Make room.")
            : Diagnosis.Ok(subject, $"'{path}' can be written, and its disk has {Text(free)} left");
    }

    /// <returns>Why nothing can be written there; null if it can.</returns>
    private static string? Writable(string path)
    {
        // What the server would make: the rights of what is there above it count.
        var existing = path;
        while (!Directory.Exists(existing))
        {
            existing = Path.GetDirectoryName(existing)!;
        }

        try
        {
            var probe = Path.Combine(existing, $".lockstep-doctor-{Guid.NewGuid():N}");
            using var file = new FileStream(probe, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 1, FileOptions.DeleteOnClose);
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return $"'{path}' cannot be written: {e.Message}";
        }
    }

    private static DriveInfo? Drive(string path)
    {
        try
        {
            return DriveInfo.GetDrives().Where(drive => drive.IsReady && IsBelow(path, drive.RootDirectory.FullName)).MaxBy(static drive => drive.RootDirectory.FullName.Length);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static bool IsBelow(string path, string root) =>
        path == root || path.StartsWith(Path.EndsInDirectorySeparator(root) ? root : root + Path.DirectorySeparatorChar, StringComparison.Ordinal);

    private static string Text(long bytes) => bytes < 10L << 30
        ? string.Create(CultureInfo.InvariantCulture, $"{bytes >> 20:N0} MiB")
        : string.Create(CultureInfo.InvariantCulture, $"{bytes >> 30:N0} GiB");
}
