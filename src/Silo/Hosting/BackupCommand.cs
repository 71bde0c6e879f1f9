using System.Data.Common;
using System.Security.Cryptography;
using Lockstep.Storage.Sqlite.Backup;

namespace Lockstep.Silo.Hosting;

/// <summary>
/// <c>backup PATH</c>: copies the SQLite database, and files of records that lie in a directory, into a new directory. Invariants:
/// <list type="number">
/// <item>The database gets its name there only once all is there, was checked, and is on the disk. A directory without it is no backup.</item>
/// <item>All files that a record of the copy names are in it. They are copied before the snapshot is taken and, those that are new since then, after it: what the server
/// removes meanwhile was released before the snapshot, or is younger than what it removes.</item>
/// </list>
/// </summary>
internal static class BackupCommand
{
    public const string Help =
        """
        backup PATH            copies the SQLite database, and the files in Kinto:Attachments:Directory, into the new directory
                               PATH, also while the server runs, and checks the copy
        """;

    private const string DatabaseName = "lockstep.db";
    private const string FilesName = "attachments";
    private const int FilesAtOnce = 1_000;
    private static readonly TimeSpan ProgressInterval = TimeSpan.FromSeconds(1);

    /// <returns>The exit code.</returns>
    public static int Run(IReadOnlyList<string> arguments, LockstepOptions options, TextWriter output)
    {
        if (arguments is not [{ Length: > 0 } path])
        {
            output.WriteLine(Help);
            return 2;
        }

        if (options.Postgres.Connection is { Length: > 0 })
        {
            output.WriteLine("'backup' copies a SQLite database. PostgreSQL has tools for its own: pg_dump and pg_basebackup; docs/operations/backup.md shows how.");
            return 2;
        }

        if (!DataDirectory.HasDatabase(options.DataDirectory))
        {
            output.WriteLine($"There is no database in '{Path.GetFullPath(options.DataDirectory)}'. Name the directory with --data-directory.");
            return 1;
        }

        var target = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        if (File.Exists(target) || (Directory.Exists(target) && Directory.EnumerateFileSystemEntries(target).Any()))
        {
            output.WriteLine($"'{target}' is there already and is not empty. Name a new directory.");
            return 1;
        }

        try
        {
            Make(target);
            return Copy(options, target, output);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or DbException)
        {
            output.WriteLine($"The backup was not made: {e.Message}");
            Remove(target);
            return 1;
        }
    }

    private static int Copy(LockstepOptions options, string target, TextWriter output)
    {
        using var data = DataDirectory.Open(options.DataDirectory);
        using var backup = SqliteBackup.Open(data.Database);
        var (partial, progress) = (Path.Combine(target, DatabaseName + ".partial"), new Progress(output));
        var root = options.Kinto.Attachments.Directory is { Length: > 0 } directory ? Path.GetFullPath(directory) : null;

        // :: Step 1: files, before the snapshot that names them.
        var files = root is null ? default : CopyFiles(backup, root, Path.Combine(target, FilesName), progress);

        // :: Step 2: the database.
        backup.CopyTo(partial, (pages, all) => progress.Report(() => $"{pages:N0} of {all:N0} pages copied"));

        // :: Step 3: files that have come since.
        var lost = new List<string>();
        if (root is not null)
        {
            var later = CopyFiles(backup, root, Path.Combine(target, FilesName), progress);
            files = (files.Count + later.Count, files.Bytes + later.Bytes);
            lost = MissingFiles(backup, Path.Combine(target, FilesName));
        }

        // :: Step 4: whether it is all there.
        if (backup.Verify(partial) is { } fault)
        {
            output.WriteLine($"The backup was not made: {fault}");
            Remove(target);
            return 1;
        }

        // :: Step 5: on the disk, and by its name.
        Flush(partial);
        File.Move(partial, Path.Combine(target, DatabaseName));
        DirectoryNames.Flush(target);
        DirectoryNames.Flush(Path.GetDirectoryName(target) ?? target);
        var (buckets, records, accounts) = backup.Count();
        output.WriteLine($"Done: {buckets:N0} buckets with {records:N0} records, and {accounts:N0} accounts, are in '{target}'.{(root is null ? "" : $" With them {files.Count:N0} files of {files.Bytes:N0} bytes.")}");
        output.WriteLine(options.Kinto.Attachments.S3.IsOn
            ? "Not in the backup: files of records, which are in the S3 bucket; the settings; and the key of the accounts for Firefox. Keep all of them too."
            : root is null
            ? "Files of records are in the database. Not in the backup: the settings, and the key of the accounts for Firefox. Keep both too."
            : "Not in the backup: the settings, and the key of the accounts for Firefox. Keep both too.");
        foreach (var file in lost)
        {
            output.WriteLine($"The file {file} that a record names is not in '{root}', or not as it was stored.");
        }

        return lost.Count == 0 ? 0 : 1;
    }

    /// <summary>Copies files that are not there yet. One that the server has removed meanwhile is left out.</summary>
    private static (int Count, long Bytes) CopyFiles(SqliteBackup backup, string from, string to, Progress progress)
    {
        var (count, bytes, directories) = (0, 0L, new HashSet<string>(StringComparer.Ordinal));
        for (var seen = ""; backup.ReadFiles(seen, FilesAtOnce) is { Count: > 0 } files; seen = files[^1].Id)
        {
            foreach (var (id, size, hash) in files)
            {
                var (source, directory) = (Path.Combine(from, id[..2], id), Path.Combine(to, id[..2]));
                var target = Path.Combine(directory, id);
                if (File.Exists(target))
                {
                    continue;
                }

                Make(directory);
                if (CopyFile(source, target, hash))
                {
                    (count, bytes) = (count + 1, bytes + size);
                    directories.Add(directory);
                    progress.Report(() => $"{count:N0} files of {bytes:N0} bytes copied");
                }
            }
        }

        foreach (var directory in directories)
        {
            DirectoryNames.Flush(directory);
        }

        if (directories.Count > 0)
        {
            DirectoryNames.Flush(to);
        }

        return (count, bytes);
    }

    /// <returns>Whether it is there, with the content that it was stored with.</returns>
    private static bool CopyFile(string source, string target, string hash)
    {
        FileStream opened;
        try
        {
            opened = new FileStream(source, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return false;
        }

        var create = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.ReadWrite };
        if (!OperatingSystem.IsWindows())
        {
            create.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        using (opened)
        using (var copy = new FileStream(target, create))
        {
            opened.CopyTo(copy);
            copy.Flush(flushToDisk: true);
            copy.Position = 0;
            if (Convert.ToHexStringLower(SHA256.HashData(copy)) == hash)
            {
                return true;
            }
        }

        File.Delete(target);
        return false;
    }

    private static List<string> MissingFiles(SqliteBackup backup, string directory)
    {
        var missing = new List<string>();
        for (var seen = ""; backup.ReadFiles(seen, FilesAtOnce) is { Count: > 0 } files; seen = files[^1].Id)
        {
            missing.AddRange(files.Select(static file => file.Id).Where(id => !File.Exists(Path.Combine(directory, id[..2], id)) && backup.IsNeeded(id)));
        }

        return missing;
    }

    private static void Flush(string path)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.ReadWrite);
        file.Flush(flushToDisk: true);
    }

    private static void Make(string directory)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(directory);
        }
        else
        {
            Directory.CreateDirectory(directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }

    /// <summary>All of it was made here: the directory was empty.</summary>
    private static void Remove(string target)
    {
        try
        {
            Directory.Delete(target, recursive: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Whoever named the directory sees what is left in it.
        }
    }

    private sealed class Progress(TextWriter output)
    {
        private long? reported;

        public void Report(Func<string> text)
        {
            if (reported is not { } last || TimeProvider.System.GetElapsedTime(last) >= ProgressInterval)
            {
                reported = TimeProvider.System.GetTimestamp();
                output.WriteLine(text());
            }
        }
    }
}
