namespace Lockstep.Silo.Hosting;

/// <summary>The directory of the database, held by one server at a time.</summary>
internal sealed class DataDirectory : IDisposable
{
    private const string DatabaseName = "lockstep.db";

    private readonly FileStream? held;

    private DataDirectory(string path, FileStream? held)
    {
        Path = path;
        this.held = held;
    }

    public string Path { get; }

    public string Database => System.IO.Path.Combine(Path, DatabaseName);

    /// <summary>Whether a database lies in the directory; makes nothing.</summary>
    public static bool HasDatabase(string path) => File.Exists(System.IO.Path.Combine(path, DatabaseName));

    /// <summary>Makes the directory if needed and takes hold of it.</summary>
    /// <exception cref="SettingsException">Another server holds it, or it cannot be written.</exception>
    public static DataDirectory Hold(string path)
    {
        var directory = Open(path);
        var file = System.IO.Path.Combine(directory.Path, "lockstep.lock");
        try
        {
            // The operating system lets go of it when the process ends, however it ends.
            return new DataDirectory(directory.Path, new FileStream(file, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
        }
        catch (IOException)
        {
            throw new SettingsException($"Another server is using '{directory.Path}'. Stop it, or give this one another DataDirectory.");
        }
        catch (UnauthorizedAccessException)
        {
            throw new SettingsException($"DataDirectory '{directory.Path}' cannot be written. Give this user the right to, or name another one.");
        }
    }

    /// <summary>Makes the directory if needed, without keeping servers out.</summary>
    public static DataDirectory Open(string path)
    {
        try
        {
            var full = System.IO.Path.GetFullPath(path);
            if (!OperatingSystem.IsWindows())
            {
                // It has password hashes and personal data in it, so only its owner may read it.
                Directory.CreateDirectory(full, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            }
            else
            {
                Directory.CreateDirectory(full);
            }

            return new DataDirectory(full, held: null);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new SettingsException($"DataDirectory '{path}' cannot be made: {e.Message} Name another one.");
        }
    }

    public void Dispose() => held?.Dispose();
}
