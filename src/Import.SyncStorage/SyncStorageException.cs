namespace Lockstep.Import.SyncStorage;

/// <summary>A database of syncstorage-rs cannot be read. The message says why and what to do. It contains no password.</summary>
public sealed class SyncStorageException : Exception
{
    public SyncStorageException()
    {
    }

    public SyncStorageException(string message)
        : base(message)
    {
    }

    public SyncStorageException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
