using Lockstep.Core.Attachments;
using Lockstep.Core.Storage;

namespace Lockstep.Silo.Hosting;

/// <summary>
/// What is in files, in a directory of this machine: a file each, below the first two digits of its id. That one is whole is said by its row, which is written after it, so that
/// no file needs another name while it grows. Its row is written once its bytes are on the disk, and so is its name in each directory above it.
/// </summary>
internal sealed class DirectoryContent : IAttachmentContent
{
    private const UnixFileMode OwnDirectory = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private readonly string root;
    private readonly Action<string> flush;

    private DirectoryContent(string root, Action<string> flush) => (this.root, this.flush) = (root, flush);

    /// <param name="path">The directory; made when missing.</param>
    /// <param name="flush">Makes the names that are in a directory durable; <see cref="DirectoryNames.Flush"/> where not given.</param>
    /// <exception cref="SettingsException">It cannot be used.</exception>
    public static DirectoryContent Open(string path, Action<string>? flush = null)
    {
        try
        {
            var content = new DirectoryContent(Path.TrimEndingDirectorySeparator(Path.GetFullPath(path)), flush ?? DirectoryNames.Flush);
            content.MakeRoot();
            return content;
        }
        catch (Exception e) when (IsOfTheSystem(e))
        {
            throw new SettingsException($"Kinto:Attachments:Directory '{path}' cannot be used: {e.Message}");
        }
    }

    public async ValueTask AppendAsync(string id, int number, ReadOnlyMemory<byte> piece, CancellationToken cancellationToken) => await TryAsync(async () =>
    {
        Make(Path.GetDirectoryName(PathOf(id))!);
        var settings = new FileStreamOptions { Mode = number == 0 ? FileMode.CreateNew : FileMode.Open, Access = FileAccess.Write, Share = FileShare.Read, BufferSize = 0, Options = FileOptions.Asynchronous };
        if (!OperatingSystem.IsWindows() && number == 0)
        {
            settings.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        await using var file = new FileStream(PathOf(id), settings);
        file.Position = (long)number * IAttachmentContent.PieceBytes;
        await file.WriteAsync(piece, CancellationToken.None);
        return true;
    });

    public async ValueTask EndAsync(string id, CancellationToken cancellationToken) => await TryAsync(() =>
    {
        if (File.Exists(PathOf(id)))
        {
            using var file = new FileStream(PathOf(id), FileMode.Open, FileAccess.Write, FileShare.Read, bufferSize: 0);
            file.Flush(flushToDisk: true);

            // Whoever made the upper one may not have come as far yet.
            flush(Path.GetDirectoryName(PathOf(id))!);
            flush(root);
        }

        return Task.FromResult(true);
    });

    public ValueTask<ReadOnlyMemory<byte>?> ReadAsync(string id, int number, CancellationToken cancellationToken) => TryAsync<ReadOnlyMemory<byte>?>(async () =>
    {
        // It may be removed at any moment.
        if (OpenIfThere(PathOf(id)) is not { } opened)
        {
            return null;
        }

        await using var file = opened;
        var left = file.Length - ((long)number * IAttachmentContent.PieceBytes);
        if (left <= 0)
        {
            return null;
        }

        var piece = new byte[Math.Min(left, IAttachmentContent.PieceBytes)];
        file.Position = (long)number * IAttachmentContent.PieceBytes;
        await file.ReadExactlyAsync(piece, cancellationToken);
        return piece;
    });

    public async ValueTask RemoveAsync(string id, CancellationToken cancellationToken) => await TryAsync(() =>
    {
        if (File.Exists(PathOf(id)))
        {
            File.Delete(PathOf(id));
        }

        return Task.FromResult(true);
    });

    /// <summary>Bytes of a file; null where it is not there.</summary>
    public long? SizeOf(string id) => new FileInfo(PathOf(id)) is { Exists: true } file ? file.Length : null;

    /// <summary>Ids of all files, in no order.</summary>
    public IEnumerable<string> List() => Directory
        .EnumerateFiles(root, "*", new EnumerationOptions { RecurseSubdirectories = true, IgnoreInaccessible = true, AttributesToSkip = FileAttributes.None })
        .Select(static path => Path.GetFileName(path));

    private static FileStream? OpenIfThere(string path)
    {
        try
        {
            return new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0, useAsync: true);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    private string PathOf(string id) => Path.Combine(root, id[..2], id);

    private void MakeRoot()
    {
        var made = new List<string>();
        for (var directory = root; directory is not null && !Directory.Exists(directory); directory = Path.GetDirectoryName(directory))
        {
            made.Add(directory);
        }

        Make(root);
        made.ForEach(directory => flush(Path.GetDirectoryName(directory)!));
    }

    /// <summary>For nobody else's eyes.</summary>
    private static void Make(string directory)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(directory);
        }
        else
        {
            Directory.CreateDirectory(directory, OwnDirectory);
        }
    }

    private async ValueTask<T> TryAsync<T>(Func<Task<T>> run)
    {
        try
        {
            return await run();
        }
        catch (Exception e) when (IsOfTheSystem(e))
        {
            throw new StoreUnavailableException($"Files of records cannot be read or written in '{root}': {e.Message}", e);
        }
    }

    private static bool IsOfTheSystem(Exception e) => e is IOException or UnauthorizedAccessException or NotSupportedException or ArgumentException;
}
