using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Lockstep.Silo.Hosting;

/// <summary>The names that are in a directory. That a file's bytes are on the disk says nothing of its name.</summary>
internal static class DirectoryNames
{
    private const int ReadOnly = 0;

    /// <summary>Makes them durable. On Windows, where a directory cannot be flushed, that is left to the file system.</summary>
    /// <param name="directory">Its path.</param>
    /// <exception cref="IOException">It cannot be opened, or the system says that it has failed.</exception>
    /// <remarks>POSIX: fsync. A <see cref="FileStream"/> refuses to open a directory.</remarks>
    public static void Flush(string directory)
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        using var handle = Open(directory, ReadOnly);
        if (handle.IsInvalid)
        {
            throw new IOException($"The directory '{directory}' cannot be opened: {Marshal.GetLastPInvokeErrorMessage()}");
        }

        RandomAccess.FlushToDisk(handle);
    }

    [DllImport("libc", EntryPoint = "open", SetLastError = true)]
    private static extern SafeFileHandle Open([MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags);
}
